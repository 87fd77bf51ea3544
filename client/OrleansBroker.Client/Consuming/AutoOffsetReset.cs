namespace OrleansBroker.Client;

/// <summary><c>auto.offset.reset</c>: where to read from when no offset is known, or the known one is not in the partition.</summary>
public enum AutoOffsetReset
{
    /// <summary>From the end: what is written from now on.</summary>
    Latest,

    /// <summary>From the first record that there is.</summary>
    Earliest,

    /// <summary>Nowhere: the consumer throws.</summary>
    None,
}
