using System.Globalization;
using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Records;
using OrleansBroker.Simulator.Engine;

namespace OrleansBroker.Simulator.Invariants;

/// <summary>
/// What is committed in one partition, batch by batch as a replica first had it below its high watermark: every other replica has the same
/// bytes there, for ever, and an idempotent producer's sequence stands in it once and in order.
/// </summary>
internal sealed class CommittedLog(TopicPartition partition)
{
    private readonly SortedDictionary<long, (ulong Hash, long Next, string By)> _batches = [];
    private readonly Dictionary<(long Producer, short Epoch), (int Sequence, long Offset)> _sequences = [];
    private readonly SortedDictionary<int, (long End, string By)> _exposed = [];

    /// <summary>The offset behind the last batch that is known.</summary>
    public long End { get; private set; }

    /// <summary>Checks whole batches of a replica below its high watermark, in order; returns the offset behind them.</summary>
    public long Check(ReadOnlySpan<byte> bytes, string replica)
    {
        var next = 0L;
        while (bytes.Length > 0)
        {
            if (RecordBatchView.TryParse(bytes, out var batch) is not RecordBatchProblem.None and var problem)
            {
                throw new SimulationFailure("broken batch", $"{replica} has in {partition} behind {next} what is no batch: {problem}");
            }

            if (!batch.IsCrcValid())
            {
                throw new SimulationFailure("broken batch", $"{replica} has in {partition} at {batch.BaseOffset} a batch whose CRC is wrong");
            }

            Check(batch, replica);
            next = batch.NextOffset;
            bytes = bytes[batch.SizeBytes..];
        }

        return next;
    }

    /// <summary>A leader of an epoch shows consumers all below its high watermark.</summary>
    public void Expose(int epoch, long highWatermark, string leader)
    {
        if (!_exposed.TryGetValue(epoch, out var before) || highWatermark > before.End)
        {
            _exposed[epoch] = (highWatermark, leader);
        }
    }

    /// <summary>A leader has all that leaders before it have shown.</summary>
    public void CheckLeader(int epoch, long logEndOffset, string leader)
    {
        foreach (var (earlier, exposed) in _exposed)
        {
            if (earlier < epoch && exposed.End > logEndOffset)
            {
                throw new SimulationFailure(
                    "committed records lost", $"{leader} leads {partition} in epoch {epoch} and ends at {logEndOffset}, where {exposed.By} had committed up to {exposed.End} in epoch {earlier}");
            }
        }
    }

    private void Check(RecordBatchView batch, string replica)
    {
        var hash = HashOf(batch.Bytes);
        if (_batches.TryGetValue(batch.BaseOffset, out var known))
        {
            if (known.Hash != hash)
            {
                throw new SimulationFailure("replicas differ", string.Create(
                    CultureInfo.InvariantCulture, $"{partition} at {batch.BaseOffset}: {replica} has another batch (epoch {batch.PartitionLeaderEpoch}) than {known.By} had, both below their high watermarks"));
            }

            return;
        }

        CheckNeighbours(batch, replica);
        _batches[batch.BaseOffset] = (hash, batch.NextOffset, replica);

        // Behind a hole, which the deletion of records leaves, sequences are not known in order.
        if (batch.BaseOffset >= End)
        {
            NoteSequence(batch);
            End = batch.NextOffset;
        }
    }

    private void CheckNeighbours(RecordBatchView batch, string replica)
    {
        if (batch.BaseOffset >= End)
        {
            return;
        }

        var (baseOffset, next) = (batch.BaseOffset, batch.NextOffset);
        foreach (var (first, other) in _batches)
        {
            if (first < next && other.Next > baseOffset)
            {
                throw new SimulationFailure(
                    "replicas differ", $"{partition}: {replica} has a batch from {baseOffset} to {next - 1} (epoch {batch.PartitionLeaderEpoch}), where {other.By} had one from {first} to {other.Next - 1} below its high watermark");
            }
        }
    }

    private void NoteSequence(RecordBatchView batch)
    {
        if (batch.ProducerId < 0)
        {
            return;
        }

        var key = (batch.ProducerId, batch.ProducerEpoch);
        if (_sequences.TryGetValue(key, out var last) && batch.BaseSequence <= last.Sequence)
        {
            throw new SimulationFailure(
                "duplicate sequence", $"{partition} has sequence {batch.BaseSequence} of producer {batch.ProducerId} at {batch.BaseOffset}, and {last.Sequence} before it at {last.Offset}");
        }

        _sequences[key] = (batch.LastSequence, batch.BaseOffset);
    }

    private static ulong HashOf(ReadOnlySpan<byte> bytes)
    {
        var hash = 14695981039346656037UL;
        foreach (var each in bytes)
        {
            hash = unchecked((hash ^ each) * 1099511628211UL);
        }

        return hash;
    }
}
