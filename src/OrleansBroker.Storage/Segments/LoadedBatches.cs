namespace OrleansBroker.Storage.Segments;

/// <summary>
/// Checks what a segment held when it was loaded, stretch by stretch as it is first served: disks forget, and recovery trusts
/// what was flushed. The stretch that is known to be good grows with consumers that read on; another place starts another.
/// </summary>
internal sealed class LoadedBatches(long loadedBytes)
{
    private const int BufferBytes = 64 << 10;

    private readonly Lock _gate = new();
    private long _loadedBytes = loadedBytes;
    private long _goodFrom;
    private long _goodTo;

    /// <summary>See <see cref="Segment.GoodEnd"/>.</summary>
    public int GoodEnd(Segment segment, int start, int end, long offsetLimit)
    {
        var checkedEnd = Math.Min(end, Volatile.Read(ref _loadedBytes));
        var from = UnknownFrom(start);
        if (from >= checkedEnd)
        {
            return end;
        }

        var good = Check(segment, (int)from, checkedEnd, offsetLimit, from > start);
        Note(start, good);
        return good == checkedEnd ? end : good;
    }

    /// <summary>The segment was cut: what is written behind is not what was loaded.</summary>
    public void CutTo(long bytes)
    {
        lock (_gate)
        {
            Volatile.Write(ref _loadedBytes, Math.Min(_loadedBytes, bytes));
            _goodTo = Math.Min(_goodTo, bytes);
        }
    }

    private static int Check(Segment segment, int start, long end, long offsetLimit, bool isContinued)
    {
        using var scanner = new BatchScanner(BufferBytes);
        scanner.Start(segment, start, end, offsetLimit);
        try
        {
            while (scanner.TryNext(CancellationToken.None, out _))
            {
            }
        }
        catch (CorruptSegmentException) when (scanner.Position > start || isContinued)
        {
            // Who reads on from there hears of it.
        }

        return (int)scanner.Position;
    }

    /// <summary>Where in a stretch that begins at <paramref name="start"/> the batches begin that were not checked yet.</summary>
    private long UnknownFrom(int start)
    {
        lock (_gate)
        {
            return start >= _goodFrom && start < _goodTo ? _goodTo : start;
        }
    }

    private void Note(long start, long end)
    {
        lock (_gate)
        {
            var joins = start <= _goodTo && end >= _goodFrom;
            (_goodFrom, _goodTo) = joins ? (Math.Min(_goodFrom, start), Math.Max(_goodTo, end)) : (start, end);
        }
    }
}
