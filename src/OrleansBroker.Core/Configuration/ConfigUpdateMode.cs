namespace OrleansBroker.Core.Configuration;

/// <summary>How a broker configuration may change while the broker runs.</summary>
public enum ConfigUpdateMode
{
    /// <summary>Read once, at start.</summary>
    ReadOnly,

    /// <summary>May be altered for one broker, not for all at once.</summary>
    PerBroker,

    /// <summary>May be altered for one broker, or for all that do not say otherwise.</summary>
    ClusterWide,
}
