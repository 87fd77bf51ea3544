namespace OrleansBroker.Server.Fetching;

/// <summary>A partition as a fetch names it: by topic name until version 12, by topic id from 13 on. The other of the two is empty.</summary>
internal readonly record struct FetchKey(string Topic, Guid TopicId, int Partition);
