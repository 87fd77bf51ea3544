using System.Buffers;
using OrleansBroker.Core.Partitions;
using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Records;
using OrleansBroker.Storage;

namespace OrleansBroker.Core.Groups.Hosting;

/// <summary>
/// A partition of <c>__consumer_offsets</c> as the log of one <see cref="GroupShard"/>, in one leadership of this broker. What
/// the shard knows is what the log holds: nothing is appended once the leadership has ended or another machine has appended.
/// Used by one thread at a time.
/// </summary>
/// <param name="epoch">The leader epoch that the shard is loaded in.</param>
internal sealed class GroupLog(Partition partition, LeaderEpoch epoch, CompressionCodec codec) : IDisposable
{
    /// <summary>Read at once while loading; a larger batch is read alone.</summary>
    private const int LoadBytes = 1 << 20;

    /// <summary>What a batch may decompress to; ours hold at most <c>max.message.bytes</c> before compression.</summary>
    private const int DecompressedBytesMax = 64 << 20;

    private readonly RecordBatchBuilder _builder = new(codec);
    private AppendResult? _uncommitted;
    private Task<ErrorCode>? _committing;
    private bool _hasAppended;

    /// <summary>Exclusive: the shard has replayed all before it.</summary>
    private long _endOffset = partition.LogStartOffset;

    public Partition Partition => partition;

    /// <summary>The leadership goes on.</summary>
    public bool IsLed => partition.Leadership is { } leading && leading.Epoch == epoch && !partition.IsClosed;

    /// <summary>What the shard knows is all there is.</summary>
    public bool IsCurrent => IsLed && partition.Log.LogEndOffset == _endOffset;

    /// <summary>The largest record that fits a batch.</summary>
    public int RecordBytesMax => partition.Log.Config.MaxMessageBytes - RecordBatchFormat.HeaderBytes - RecordBatchBuilder.RecordBytesMax(0, 0);

    /// <summary>Appends records in as few batches as they fit in, and has the shard replay those that are appended.</summary>
    /// <param name="acks">-1: refused with NOT_ENOUGH_REPLICAS while the ISR is too small; 1: appended all the same, and committed when it is not any more.</param>
    public ErrorCode Append(IReadOnlyList<CoordinatorRecord> records, GroupShard shard, long nowMs, short acks)
    {
        var batchBytesMax = partition.Log.Config.MaxMessageBytes;
        for (var appended = 0; appended < records.Count;)
        {
            var next = appended;
            _builder.Clear();
            do
            {
                _builder.Append(nowMs, records[next].Key, records[next].Value);
                next++;
            }
            while (next < records.Count && _builder.SizeBytes + RecordBatchBuilder.RecordBytesMax(records[next].Key.Length, records[next].Value?.Length ?? 0) <= batchBytesMax);

            var result = partition.Append(_builder.Build().Span, epoch, _endOffset, nowMs, acks);
            if (result.Error != ErrorCode.None)
            {
                return result.Error;
            }

            _endOffset = result.LastOffset + 1;
            _uncommitted = result;
            _committing = null;
            _hasAppended = true;
            for (; appended < next; appended++)
            {
                shard.Replay(records[appended]);
            }
        }

        return ErrorCode.None;
    }

    /// <summary>The partition, if something was appended since this was last asked: its readers are to be told.</summary>
    public Partition? TakeAppended()
    {
        var appended = _hasAppended ? partition : null;
        _hasAppended = false;
        return appended;
    }

    /// <summary>What has to be waited for until all that the shard knows is committed; null, as a rule, where that is nothing.</summary>
    public Task<ErrorCode>? Outstanding()
    {
        if (_uncommitted is not { } last)
        {
            return null;
        }

        _committing ??= partition.Committed(last, acks: -1).AsTask();
        if (!_committing.IsCompleted)
        {
            return _committing;
        }

        var error = _committing.Result;
        _committing = null;
        if (error == ErrorCode.None || (error == ErrorCode.NotEnoughReplicasAfterAppend && partition.HighWatermark > last.LastOffset && IsLed))
        {
            // The ISR may have become too small after that, which is nothing to those who read.
            _uncommitted = null;
            return null;
        }

        return Task.FromResult(error);
    }

    /// <summary>Has a new shard replay the log up to its end, a bounded number of bytes in memory at a time.</summary>
    /// <returns>False where the leadership ended first.</returns>
    /// <exception cref="IOException">The log cannot be read.</exception>
    /// <exception cref="MalformedMessageException">It holds what is no group's record.</exception>
    public async Task<bool> LoadAsync(GroupShard shard, CancellationToken cancellation)
    {
        using var batches = new PooledBuffer(LoadBytes);
        using var scratch = new PooledBuffer();
        while (IsLed && _endOffset < partition.Log.LogEndOffset)
        {
            // Others that run here have their turn.
            await Task.Yield();
            cancellation.ThrowIfCancellationRequested();
            if (TryRead(batches))
            {
                _endOffset = Replay(batches.Span, _endOffset, shard, scratch, new ArrayBufferWriter<byte>(256));
            }
        }

        if (_endOffset > partition.HighWatermark)
        {
            _uncommitted = new AppendResult { Epoch = epoch, LastOffset = _endOffset - 1 };
        }

        return IsLed;
    }

    public void Dispose() => _builder.Dispose();

    /// <summary>False where the leadership has ended: then the log may end before what was to be read.</summary>
    private bool TryRead(PooledBuffer batches)
    {
        var read = partition.ReadToEnd(_endOffset, LoadBytes, atLeastOneBatch: true);
        if (read.Error != ErrorCode.None || read.Records.Length == 0)
        {
            return !IsLed ? false : throw new IOException($"{partition.Name} cannot be read at offset {_endOffset}: {read.Error}");
        }

        batches.Clear();
        read.Records.CopyTo(batches.GetSpan(read.Records.Length));
        batches.Advance(read.Records.Length);
        return IsLed;
    }

    /// <summary>Returns the offset after the last batch.</summary>
    private static long Replay(ReadOnlySpan<byte> batches, long startOffset, GroupShard shard, PooledBuffer scratch, ArrayBufferWriter<byte> copy)
    {
        var nextOffset = startOffset;
        while (batches.Length > 0)
        {
            var problem = RecordBatchView.TryParse(batches, out var batch);
            if (problem != RecordBatchProblem.None)
            {
                throw new MalformedMessageException($"a batch after offset {nextOffset}: {problem}");
            }

            if (!batch.IsControl)
            {
                var records = RecordReader.Open(batch, scratch, DecompressedBytesMax);
                while (records.TryRead(out var record))
                {
                    if (batch.BaseOffset + record.OffsetDelta >= startOffset && record.HasKey)
                    {
                        copy.ResetWrittenCount();
                        copy.Write(record.Key);
                        copy.Write(record.Value);
                        shard.Replay(copy.WrittenMemory[..record.Key.Length], copy.WrittenMemory[record.Key.Length..], record.HasValue);
                    }
                }
            }

            nextOffset = batch.NextOffset;
            batches = batches[batch.SizeBytes..];
        }

        return nextOffset;
    }
}
