using System.Text;
using OrleansBroker.Protocol.Records;

namespace OrleansBroker.Simulator.Clients;

/// <summary>A record as a consumer got it.</summary>
internal readonly record struct ReadRecord(long Offset, int LeaderEpoch, string Value, long ProducerId, short ProducerEpoch, int Sequence)
{
    private const int RecordsBytesMax = 4 << 20;

    /// <summary>All records of the whole batches in <paramref name="bytes"/>; what is left at the end is ignored.</summary>
    /// <param name="broken">What is wrong with a batch, or null.</param>
    public static List<ReadRecord> Parse(ReadOnlySpan<byte> bytes, out string? broken)
    {
        var records = new List<ReadRecord>();
        using var scratch = new PooledBuffer();
        broken = null;
        while (bytes.Length > 0 && RecordBatchView.TryParse(bytes, out var batch) is var problem && problem != RecordBatchProblem.TooShort)
        {
            if (problem != RecordBatchProblem.None || !batch.IsCrcValid())
            {
                broken = $"a batch is broken ({(problem == RecordBatchProblem.None ? "CRC" : problem)}) after {records.Count} records";
                return records;
            }

            var reader = RecordReader.Open(batch, scratch, RecordsBytesMax);
            while (!batch.IsControl && reader.TryRead(out var record))
            {
                var sequence = batch.BaseSequence < 0 ? -1 : batch.BaseSequence + record.OffsetDelta;
                records.Add(new ReadRecord(
                    batch.BaseOffset + record.OffsetDelta, batch.PartitionLeaderEpoch, Encoding.UTF8.GetString(record.Value), batch.ProducerId, batch.ProducerEpoch, sequence));
            }

            bytes = bytes[batch.SizeBytes..];
        }

        return records;
    }
}
