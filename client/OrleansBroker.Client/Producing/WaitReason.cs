namespace OrleansBroker.Client.Producing;

/// <summary>Why a record is not in a batch yet.</summary>
internal enum WaitReason
{
    None,

    /// <summary>The buffer is full.</summary>
    Room,

    /// <summary>Its topic, or its partition, is not in the cluster's metadata.</summary>
    Metadata,
}
