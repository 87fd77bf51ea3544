using OrleansBroker.Storage.Loading;

namespace OrleansBroker.Storage;

/// <summary>
/// Where a log begins and ends, how much of it is flushed, and how much consumers may see:
/// <code>
///  log start offset ≤ log end offset        recovery point ≤ log end offset        high watermark ≤ log end offset
///  |---- deleted ----|---- readable ------------------ high watermark |-- not yet --|
/// </code>
/// Reads take no lock. All changes but that of the high watermark are made under the log's lock.
/// </summary>
internal sealed class LogOffsets(LoadedLog loaded)
{
    private long _start = loaded.LogStartOffset;
    private long _end = loaded.LogEndOffset;
    private long _highWatermark = loaded.HighWatermark;
    private long _recoveryPoint = loaded.RecoveryPoint;

    public long Start => Volatile.Read(ref _start);

    public long HighWatermark => Volatile.Read(ref _highWatermark);

    public long RecoveryPoint => Volatile.Read(ref _recoveryPoint);

    /// <summary>Moved after the bytes before it were written.</summary>
    public long End
    {
        get => Volatile.Read(ref _end);
        set => Volatile.Write(ref _end, value);
    }

    /// <summary>Moves the high watermark up, not beyond the end; it never goes down.</summary>
    public void AdvanceHighWatermark(long offset)
    {
        var wanted = Math.Min(offset, End);
        for (var known = HighWatermark; known < wanted;)
        {
            var seen = Interlocked.CompareExchange(ref _highWatermark, wanted, known);
            if (seen == known)
            {
                return;
            }

            known = seen;
        }
    }

    /// <summary>
    /// The recovery point stays: what lies before it is trusted, and files whose deletion a power loss undoes come back as they were
    /// flushed, or were not.
    /// </summary>
    public void MoveStart(long offset) => Volatile.Write(ref _start, offset);

    /// <summary>All before <paramref name="end"/> is flushed.</summary>
    public void NoteFlushed(long end) => Volatile.Write(ref _recoveryPoint, Math.Max(_recoveryPoint, Math.Min(end, _end)));

    public void TruncateTo(long end)
    {
        Volatile.Write(ref _end, end);
        Volatile.Write(ref _highWatermark, Math.Min(_highWatermark, end));
        Volatile.Write(ref _recoveryPoint, Math.Min(_recoveryPoint, end));
    }

    /// <summary>The log is empty, and begins and ends at an offset before which all counts as committed.</summary>
    public void StartAnewAt(long offset)
    {
        Volatile.Write(ref _highWatermark, offset);
        Volatile.Write(ref _end, offset);
        Volatile.Write(ref _start, offset);
        Volatile.Write(ref _recoveryPoint, offset);
    }
}
