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
    private GoodStretch _good;

    /// <summary>See <see cref="Segment.GoodEnd"/>.</summary>
    public int GoodEnd(Segment segment, int start, int end, long offsetLimit)
    {
        var checkedEnd = Math.Min(end, Volatile.Read(ref _loadedBytes));
        var known = KnownAt(segment, start);
        if (known.To >= checkedEnd)
        {
            return end;
        }

        var good = Check(segment, known, checkedEnd, offsetLimit);
        Note(good);
        return good.To == checkedEnd ? end : (int)good.To;
    }

    /// <summary>The segment was cut: what is written behind is not what was loaded.</summary>
    public void CutTo(long bytes)
    {
        lock (_gate)
        {
            Volatile.Write(ref _loadedBytes, Math.Min(_loadedBytes, bytes));
            _good = default;
        }
    }

    /// <summary>Goes on behind what is known.</summary>
    private static GoodStretch Check(Segment segment, in GoodStretch known, long end, long offsetLimit)
    {
        using var scanner = new BatchScanner(BufferBytes);
        scanner.Start(segment, known.To, end, known.NextOffset, offsetLimit);
        try
        {
            while (scanner.TryNext(CancellationToken.None, out _))
            {
            }
        }
        catch (CorruptSegmentException) when (scanner.Position > known.From)
        {
            // Who reads on from there hears of it.
        }

        return new GoodStretch(known.From, scanner.Position, scanner.NextOffset);
    }

    /// <summary>What is known to be good from <paramref name="start"/> on, which may be nothing.</summary>
    private GoodStretch KnownAt(Segment segment, int start)
    {
        lock (_gate)
        {
            return start >= _good.From && start < _good.To ? _good with { From = start } : new GoodStretch(start, start, segment.BaseOffset);
        }
    }

    private void Note(in GoodStretch good)
    {
        lock (_gate)
        {
            var joins = good.From <= _good.To && good.To >= _good.From;
            _good = !joins ? good : (good.To >= _good.To ? good : _good) with { From = Math.Min(good.From, _good.From) };
        }
    }

    /// <param name="From">Position.</param>
    /// <param name="To">Position where a batch ends.</param>
    /// <param name="NextOffset">What the batch behind begins with at the least.</param>
    private readonly record struct GoodStretch(long From, long To, long NextOffset);
}
