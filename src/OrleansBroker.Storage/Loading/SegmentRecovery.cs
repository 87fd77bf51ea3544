using System.Buffers;
using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Records;
using OrleansBroker.Storage.Checkpoints;
using OrleansBroker.Storage.Segments;

namespace OrleansBroker.Storage.Loading;

/// <summary>
/// Goes through a segment batch by batch: finds where the good ones end, and builds the indexes and the leader epochs anew.
/// A batch is good if its header is, its offsets go on from the batch before, and its CRC holds (checked from an offset on).
/// </summary>
internal sealed class SegmentRecovery : IDisposable
{
    private const int WindowBytes = 256 << 10;

    private byte[] _window = ArrayPool<byte>.Shared.Rent(WindowBytes);
    private long _windowAt;
    private int _windowed;

    /// <summary>The offset after the last good batch.</summary>
    public long NextOffset { get; private set; }

    /// <summary>Where the good batches end.</summary>
    public long GoodBytes { get; private set; }

    /// <summary>What is behind them; null where they reach the end.</summary>
    public string? Problem { get; private set; }

    /// <param name="crcFrom">Batches that end before this offset are on the disk for certain: their CRC is not computed.</param>
    public void Run(Segment segment, long crcFrom, LogConfig config, LeaderEpochCache epochs)
    {
        (_windowAt, _windowed) = (0, 0);
        (NextOffset, GoodBytes, Problem) = (segment.BaseOffset, 0, null);
        var sizeBytes = segment.SizeBytes;
        segment.StartIndexesAnew();
        while (GoodBytes < sizeBytes)
        {
            Problem = Check(segment, sizeBytes, crcFrom, out var batch);
            if (Problem is not null)
            {
                break;
            }

            segment.NoteAppended((int)GoodBytes, batch.SizeBytes, batch.LastOffset, batch.MaxTimestamp, batch.LastOffset, config);
            if (batch.PartitionLeaderEpoch > epochs.Latest.Value)
            {
                epochs.Assign(new LeaderEpoch(batch.PartitionLeaderEpoch), batch.BaseOffset, writes: false);
            }

            NextOffset = batch.NextOffset;
            GoodBytes += batch.SizeBytes;
        }
    }

    public void Dispose() => ArrayPool<byte>.Shared.Return(_window);

    private string? Check(Segment segment, long sizeBytes, long crcFrom, out RecordBatchView batch)
    {
        var problem = RecordBatchView.TryParseHeader(Window(segment, sizeBytes, RecordBatchFormat.HeaderBytes), out batch);
        if (problem != RecordBatchProblem.None)
        {
            return problem.ToString();
        }

        if (batch.BaseOffset < NextOffset || !segment.HasRoomFor(batch.LastOffset))
        {
            return $"offset {batch.BaseOffset} does not follow";
        }

        if (batch.SizeBytes > sizeBytes - GoodBytes)
        {
            return nameof(RecordBatchProblem.TooShort);
        }

        if (batch.LastOffset < crcFrom)
        {
            return null;
        }

        problem = RecordBatchView.TryParse(Window(segment, sizeBytes, batch.SizeBytes), out batch);
        return problem != RecordBatchProblem.None ? problem.ToString() : batch.IsCrcValid() ? null : "wrong CRC";
    }

    private ReadOnlySpan<byte> Window(Segment segment, long sizeBytes, int needed)
    {
        var at = GoodBytes;
        if (at < _windowAt || at + Math.Min(needed, sizeBytes - at) > _windowAt + _windowed)
        {
            if (needed > _window.Length)
            {
                ArrayPool<byte>.Shared.Return(_window);
                _window = ArrayPool<byte>.Shared.Rent(needed);
            }

            _windowAt = at;
            _windowed = segment.File.Read(at, _window.AsSpan(0, (int)Math.Min(_window.Length, sizeBytes - at)));
        }

        return _window.AsSpan((int)(at - _windowAt).._windowed);
    }
}
