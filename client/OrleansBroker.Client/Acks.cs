namespace OrleansBroker.Client;

/// <summary><c>acks</c>: when a record counts as delivered.</summary>
public enum Acks : short
{
    /// <summary>Once it is sent. Nobody says whether it arrived, nor at which offset.</summary>
    None = 0,

    /// <summary>Once the partition's leader has it; it is lost with the leader.</summary>
    Leader = 1,

    /// <summary>Once every in-sync replica has it.</summary>
    All = -1,
}
