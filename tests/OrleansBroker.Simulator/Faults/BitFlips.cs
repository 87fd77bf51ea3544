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
        if (broker.Disk.FileExists(file) && broker.Disk.ReadAll(file).Length is > 0 and var length)
        {
            broker.Disk.FlipBit(file, chance.Random.NextInt64(length * 8L));
        }
    }
}
