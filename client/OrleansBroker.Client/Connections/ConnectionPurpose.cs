namespace OrleansBroker.Client.Connections;

/// <summary>
/// What a connection is for. A broker answers the requests of one connection in order, so that whatever may wait for long has
/// one of its own: nothing waits behind a long poll, or behind a group that rebalances.
/// </summary>
internal enum ConnectionPurpose
{
    /// <summary>Everything that is answered as soon as it can be.</summary>
    Requests,

    /// <summary>Fetches of one consumer, each of which may wait for records.</summary>
    Fetches,

    /// <summary>A group's coordinator, where joining may wait for other members.</summary>
    Group,
}
