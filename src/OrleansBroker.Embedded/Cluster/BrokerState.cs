namespace OrleansBroker.Embedded.Cluster;

/// <summary>How a broker of an <see cref="EmbeddedCluster"/> is.</summary>
public enum BrokerState
{
    /// <summary>It serves; it may be cut off from others.</summary>
    Running,

    /// <summary>It does nothing and answers nothing, as a process that was stopped with SIGSTOP.</summary>
    Paused,

    /// <summary>It was stopped or killed.</summary>
    Stopped,
}
