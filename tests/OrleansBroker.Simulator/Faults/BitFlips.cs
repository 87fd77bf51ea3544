using OrleansBroker.Protocol.Records;
using OrleansBroker.Simulator.Brokers;
using OrleansBroker.Simulator.Engine;

namespace OrleansBroker.Simulator.Faults;

/// <summary>Flips a bit in a part of a log that was never flushed: a start after a power loss reads all of it, and has to notice.</summary>
internal static class BitFlips
{
    /// <summary>What to do once the power has gone; null where no log has anything that was not flushed.</summary>
    public static Action? Plan(SimulatedBroker broker, Chance chance)
    {
        if (broker.Host is not { } host)
        {
            return null;
        }

        var files = host.Services.Logs.Logs
            .Where(log => log.LogEndOffset > log.RecoveryPoint && log.Segments[^1].BaseOffset >= log.RecoveryPoint)
            .Select(log => $"{log.Directory}/{log.Segments[^1].BaseOffset:D20}.log")
            .Order(StringComparer.Ordinal)
            .ToArray();
        return files.Length == 0 ? null : () => Flip(broker, chance.Of(files), chance);
    }

    private static void Flip(SimulatedBroker broker, string file, Chance chance)
    {
        if (!broker.Disk.FileExists(file) || broker.Disk.ReadAll(file) is not { Length: > 0 } log)
        {
            return;
        }

        long bit;
        do
        {
            bit = chance.Random.NextInt64(log.Length * 8L);
        }
        while (!IsProtected(log, bit / 8));
        broker.Disk.FlipBit(file, bit);
    }

    /// <summary>Whether a checksum covers a byte: Kafka's format has none for the offset of a batch and for its leader epoch, which brokers stamp.</summary>
    private static bool IsProtected(ReadOnlySpan<byte> log, long position)
    {
        while (RecordBatchView.TryParse(log, out var batch) == RecordBatchProblem.None && batch.SizeBytes <= log.Length)
        {
            if (position < batch.SizeBytes)
            {
                return position is >= RecordBatchFormat.LengthAt and not (>= RecordBatchFormat.PartitionLeaderEpochAt and < RecordBatchFormat.MagicAt);
            }

            position -= batch.SizeBytes;
            log = log[batch.SizeBytes..];
        }

        return true;
    }
}
