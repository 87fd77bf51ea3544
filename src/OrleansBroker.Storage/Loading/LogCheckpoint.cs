namespace OrleansBroker.Storage.Loading;

/// <summary>What the data directory's checkpoints say of one log; 0 where they say nothing.</summary>
internal readonly record struct LogCheckpoint(long RecoveryPoint, long HighWatermark, long LogStartOffset);
