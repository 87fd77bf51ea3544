using System.Buffers;
using OrleansBroker.Core.Partitions;
using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Records;
using OrleansBroker.Storage;

namespace OrleansBroker.Core.Groups.Hosting;

/// <summary>A partition of <c>__consumer_offsets</c> as the log of one <see cref="GroupShard"/>. Used by one thread at a time.</summary>
internal sealed class GroupLog(Partition partition, CompressionCodec codec) : IDisposable
{
    /// <summary>Read at once while loading; a larger batch is read alone.</summary>
    private const int LoadBytes = 1 << 20;

    /// <summary>What a batch may decompress to; ours hold at most <c>max.message.bytes</c> before compression.</summary>
    private const int DecompressedBytesMax = 64 << 20;

    private readonly RecordBatchBuilder _builder = new(codec);
    private AppendResult? _uncommitted;
    private bool _hasAppended;

    public Partition Partition => partition;

    /// <summary>The largest record that fits a batch.</summary>
    public int RecordBytesMax => partition.Log.Config.MaxMessageBytes - RecordBatchFormat.HeaderBytes - RecordBatchBuilder.RecordBytesMax(0, 0);

    /// <summary>Appends records in as few batches as they fit in, and has the shard replay those that are appended.</summary>
    public ErrorCode Append(IReadOnlyList<CoordinatorRecord> records, GroupShard shard, long nowMs)
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

            var result = partition.Append(_builder.Build().Span, AppendOrigin.Coordinator, nowMs, acks: -1);
            if (result.Error != ErrorCode.None)
            {
                return result.Error;
            }

            _uncommitted = result;
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

    /// <summary>What has to be waited for until all that was appended so far is committed; null, as a rule, where that is nothing.</summary>
    public Task<ErrorCode>? Outstanding()
    {
        if (_uncommitted is { } last)
        {
            var committed = partition.Committed(last, acks: -1);
            if (!committed.IsCompletedSuccessfully)
            {
                return committed.AsTask();
            }

            var error = committed.Result;
            if (error != ErrorCode.None)
            {
                return Task.FromResult(error);
            }

            _uncommitted = null;
        }

        return null;
    }

    /// <summary>Has a new shard replay the whole log, a bounded number of bytes in memory at a time.</summary>
    /// <exception cref="IOException">The log cannot be read.</exception>
    /// <exception cref="MalformedMessageException">It holds what is no group's record.</exception>
    public static void Load(Partition partition, GroupShard shard, CancellationToken cancellation)
    {
        var log = partition.Log;
        using var batches = new PooledBuffer(LoadBytes);
        using var scratch = new PooledBuffer();
        var record = new ArrayBufferWriter<byte>(256);
        var endOffset = log.LogEndOffset;
        for (var offset = log.LogStartOffset; offset < endOffset;)
        {
            cancellation.ThrowIfCancellationRequested();
            var read = log.Read(offset, LoadBytes, endOffset, atLeastOneBatch: true);
            if (read.Error != ErrorCode.None || read.Records.Length == 0)
            {
                throw new IOException($"{partition.Name} cannot be read at offset {offset}: {read.Error}");
            }

            batches.Clear();
            read.Records.CopyTo(batches.GetSpan(read.Records.Length));
            batches.Advance(read.Records.Length);
            offset = Replay(batches.Span, offset, shard, scratch, record);
        }
    }

    public void Dispose() => _builder.Dispose();

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
