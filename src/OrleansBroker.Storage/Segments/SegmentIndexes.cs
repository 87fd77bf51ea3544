using System.Runtime.CompilerServices;
using OrleansBroker.Protocol.Records;
using OrleansBroker.Storage.Files;

namespace OrleansBroker.Storage.Segments;

/// <summary>
/// The two indexes of a segment and what goes with them: when an entry is due, and the greatest timestamp, which is the last
/// entry of a closed segment's time index. They can always be had from the segment, so indexes that are missing or make no
/// sense are built again at their first use. Its lock is held for index work, not for I/O on the log file, except to build.
/// </summary>
internal sealed class SegmentIndexes(IFileSystem files, Segment segment) : IDisposable
{
    private readonly Lock _gate = new();
    private readonly OffsetIndex _offsets = new(files, segment.PathOf(LogFileNames.OffsetIndex), segment.BaseOffset);
    private readonly TimeIndex _times = new(files, segment.PathOf(LogFileNames.TimeIndex), segment.BaseOffset);
    private int _bytesSinceEntry;
    private long _largestTimestampMs = RecordBatchFormat.NoTimestamp;
    private long _largestTimestampOffset = segment.BaseOffset;
    private bool _checked;
    private bool _timestampKnown;

    /// <summary>Notes a batch, or several that were appended at once, and indexes them if that is due.</summary>
    public void Note(int position, int bytes, long lastOffset, long maxTimestampMs, long maxTimestampOffset, LogConfig config)
    {
        lock (_gate)
        {
            LoadLargestTimestamp();
            if (maxTimestampMs > _largestTimestampMs)
            {
                (_largestTimestampMs, _largestTimestampOffset) = (maxTimestampMs, maxTimestampOffset);
            }

            if (_bytesSinceEntry > config.IndexIntervalBytes
                && _offsets.TryAdd(lastOffset, position, config.SegmentIndexBytes)
                && _times.TryAdd(_largestTimestampMs, _largestTimestampOffset, config.SegmentIndexBytes))
            {
                _bytesSinceEntry = 0;
            }

            _bytesSinceEntry = (int)Math.Min((long)_bytesSinceEntry + bytes, int.MaxValue);
        }
    }

    public bool IsFull(LogConfig config)
    {
        lock (_gate)
        {
            return _offsets.IsFull(config.SegmentIndexBytes) || _times.IsFull(config.SegmentIndexBytes);
        }
    }

    /// <summary>Where to start walking for an offset.</summary>
    public int PositionFor(long offset)
    {
        lock (_gate)
        {
            Check();
            return _offsets.PositionFor(offset);
        }
    }

    /// <summary>The last known beginning of a batch at or before a position.</summary>
    public int BoundaryBefore(long position)
    {
        lock (_gate)
        {
            Check();
            return _offsets.BoundaryBefore((int)Math.Min(position, int.MaxValue));
        }
    }

    /// <summary>The offset to start walking from for a timestamp.</summary>
    public long OffsetFor(long timestampMs)
    {
        lock (_gate)
        {
            Check();
            return _times.OffsetFor(timestampMs);
        }
    }

    /// <summary>The greatest timestamp and the last offset of its batch; -1 and the base offset where there is none.</summary>
    public (long TimestampMs, long Offset) LargestTimestamp()
    {
        lock (_gate)
        {
            LoadLargestTimestamp();
            return (_largestTimestampMs, _largestTimestampOffset);
        }
    }

    /// <summary>Drops all entries, to be noted again.</summary>
    public void StartAnew()
    {
        lock (_gate)
        {
            Reset();
        }
    }

    /// <summary>Notes every batch of the segment again.</summary>
    public void Rebuild()
    {
        lock (_gate)
        {
            RebuildLocked();
        }
    }

    /// <summary>No more entries: the time index gets its last, the files get their exact lengths.</summary>
    public void Seal(LogConfig config)
    {
        lock (_gate)
        {
            if (_timestampKnown && segment.SizeBytes > 0)
            {
                // It may go over the limit by this one.
                _times.TryAdd(_largestTimestampMs, _largestTimestampOffset, int.MaxValue);
            }

            _offsets.Seal();
            _times.Seal();
        }
    }

    /// <summary>Unmaps the files; the next use maps them again.</summary>
    public void ReleaseMaps()
    {
        lock (_gate)
        {
            _offsets.Seal();
            _times.Seal();
        }
    }

    public void Flush()
    {
        _offsets.Flush();
        _times.Flush();
    }

    /// <summary>The segment has another name, and its index files get it too.</summary>
    public void Rename()
    {
        lock (_gate)
        {
            _offsets.Rename(segment.PathOf(LogFileNames.OffsetIndex));
            _times.Rename(segment.PathOf(LogFileNames.TimeIndex));
        }
    }

    /// <summary>The segment's directory has another name.</summary>
    public void Move()
    {
        lock (_gate)
        {
            _offsets.MoveTo(segment.PathOf(LogFileNames.OffsetIndex));
            _times.MoveTo(segment.PathOf(LogFileNames.TimeIndex));
        }
    }

    public void Delete()
    {
        lock (_gate)
        {
            _offsets.Delete();
            _times.Delete();
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _offsets.Dispose();
            _times.Dispose();
        }
    }

    private void LoadLargestTimestamp()
    {
        if (!_timestampKnown)
        {
            Check();
            if (!_timestampKnown)
            {
                (_largestTimestampMs, _largestTimestampOffset) = _times.Last;
                _timestampKnown = true;
            }
        }
    }

    private void Check()
    {
        if (_checked)
        {
            return;
        }

        var size = segment.SizeBytes;
        if (size == 0)
        {
            Reset();
        }
        else if (!_offsets.IsSane(size) || !_times.IsSane() || _times.Count == 0)
        {
            RebuildLocked();
        }

        _checked = true;
    }

    private void Reset()
    {
        _offsets.Delete();
        _times.Delete();
        (_largestTimestampMs, _largestTimestampOffset) = (RecordBatchFormat.NoTimestamp, segment.BaseOffset);
        _bytesSinceEntry = 0;
        _timestampKnown = true;
        _checked = true;
    }

    [SkipLocalsInit]
    private void RebuildLocked()
    {
        Reset();
        Span<byte> buffer = stackalloc byte[BatchHeaderReader.BufferBytes];
        var headers = new BatchHeaderReader(segment.File, 0, segment.SizeBytes, buffer);
        while (headers.TryRead(out var header))
        {
            Note((int)headers.Position, header.SizeBytes, header.LastOffset, header.MaxTimestamp, header.LastOffset, LogConfig.Default);
        }

        _times.TryAdd(_largestTimestampMs, _largestTimestampOffset, int.MaxValue);
    }
}
