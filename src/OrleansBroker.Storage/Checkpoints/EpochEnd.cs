using OrleansBroker.Protocol;

namespace OrleansBroker.Storage;

/// <summary>Where a leader epoch ends in a log (OffsetForLeaderEpoch); epoch none and offset -1 where that is not known.</summary>
/// <param name="Epoch">The greatest epoch of the log that is not beyond the one asked for.</param>
/// <param name="EndOffset">Exclusive.</param>
public readonly record struct EpochEnd(LeaderEpoch Epoch, long EndOffset)
{
    public static readonly EpochEnd Unknown = new(LeaderEpoch.None, -1);
}
