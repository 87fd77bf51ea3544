namespace OrleansBroker.Client.Metadata;

/// <summary>A topic that refreshes ask about.</summary>
/// <param name="MayCreate">Whether the next one may create it.</param>
/// <param name="IsLasting">Whether it is asked about however long nobody uses it.</param>
/// <param name="UsedMs">When it was used last, about.</param>
internal readonly record struct WatchedTopic(bool MayCreate, bool IsLasting, long UsedMs);
