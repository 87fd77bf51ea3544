namespace OrleansBroker.Storage;

/// <summary>Who appends, and so how much is checked.</summary>
public enum AppendOrigin
{
    /// <summary>A Produce request: everything is checked, exactly one batch.</summary>
    Client,

    /// <summary>A coordinator of this broker: offsets are assigned, sequence numbers are not checked.</summary>
    Coordinator,

    /// <summary>A follower's fetch: batches bring their offsets and leader epochs.</summary>
    Replication,
}
