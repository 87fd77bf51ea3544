namespace OrleansBroker.Client.Consuming;

/// <summary>A partition as it is to be asked for, and the version of its state that this was read from.</summary>
internal readonly record struct FetchTarget(PartitionFetch Partition, int Version, Guid TopicId, long FetchOffset, int LastFetchedEpoch, int CurrentLeaderEpoch);
