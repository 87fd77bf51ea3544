using OrleansBroker.Protocol;

namespace OrleansBroker.Storage;

/// <summary>The first offset that was written, or could be, under a leader epoch.</summary>
public readonly record struct EpochEntry(LeaderEpoch Epoch, long StartOffset);
