using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Records;
using OrleansBroker.Storage.Checkpoints;
using OrleansBroker.Storage.Producers;

namespace OrleansBroker.Storage.Appending;

/// <summary>Gives valid batches their place in the log, under the log's lock. Nothing of the log changes yet.</summary>
internal static class AppendPlanner
{
    /// <summary>Makes the time of the append the batches' timestamp, where the topic has that.</summary>
    public static void StampTime(Span<byte> batches, LogConfig config, in AppendOptions options)
    {
        if (!config.LogAppendTime || options.Origin == AppendOrigin.Replication)
        {
            return;
        }

        for (var rest = batches; rest.Length > 0; rest = rest[new RecordBatchView(rest).SizeBytes..])
        {
            RecordBatchStamp.LogAppendTime(rest, options.NowMs);
        }
    }

    /// <summary>Checks the producers and stamps offsets and leader epoch, batch by batch.</summary>
    /// <param name="answer">Where it is false: the error, or the original of a duplicate.</param>
    public static bool TryPlan(
        Span<byte> batches, in AppendOptions options, ProducerStateTable producers, long logEndOffset, out AppendPlan plan, out AppendResult answer)
    {
        plan = new AppendPlan { NextOffset = logEndOffset };
        for (var rest = batches; rest.Length > 0;)
        {
            var batch = new RecordBatchView(rest);
            var error = producers.Check(batch, options.Origin, out var duplicate);
            if (error != ErrorCode.None)
            {
                answer = error == ErrorCode.DuplicateSequenceNumber
                    ? Duplicate(duplicate)
                    : AppendResult.Failed(error, producers.Describe(batch));
                return false;
            }

            if (options.Origin != AppendOrigin.Replication)
            {
                RecordBatchStamp.BaseOffset(rest, plan.NextOffset);
                RecordBatchStamp.PartitionLeaderEpoch(rest, options.Epoch.Value);
            }
            else if (batch.PartitionLeaderEpoch > options.Epoch.Value)
            {
                // A leader that was deposed while it answered sent what has come in the place of its own records since.
                answer = AppendResult.Failed(
                    ErrorCode.CorruptMessage, $"a replicated batch of leader epoch {batch.PartitionLeaderEpoch}, followed is {options.Epoch}");
                return false;
            }
            else if (batch.BaseOffset < plan.NextOffset)
            {
                answer = AppendResult.Failed(
                    ErrorCode.OffsetOutOfRange, $"replicated offset {batch.BaseOffset} is before {plan.NextOffset}");
                return false;
            }

            plan.Add(batch);
            rest = rest[batch.SizeBytes..];
        }

        answer = default;
        return true;
    }

    /// <summary>Notes where a leader epoch begins that batches are the first of.</summary>
    public static void NoteEpochs(ReadOnlySpan<byte> batches, LeaderEpochCache epochs)
    {
        for (var rest = batches; rest.Length > 0;)
        {
            var batch = new RecordBatchView(rest);
            if (batch.PartitionLeaderEpoch > epochs.Latest.Value)
            {
                epochs.Assign(new LeaderEpoch(batch.PartitionLeaderEpoch), batch.BaseOffset, writes: false);
            }

            rest = rest[batch.SizeBytes..];
        }
    }

    private static AppendResult Duplicate(in ProducerBatch original) => new()
    {
        BaseOffset = original.FirstOffset,
        LastOffset = original.LastOffset,
        LogAppendTimeMs = original.TimestampMs,
        Duplicate = true,
    };
}
