namespace OrleansBroker.Core.Rebalancing;

/// <summary>What a plan may do with a broker.</summary>
public enum BrokerUse
{
    /// <summary>It does not live, or is about to stop: it is given nothing, and what it holds stays where it is.</summary>
    Away,

    /// <summary>It is to leave the cluster for good: all that it holds goes to others, whether or not it lives.</summary>
    Leaves,

    /// <summary>It gives to those that have less, and takes what brokers that leave have held.</summary>
    Keeps,

    /// <summary>As <see cref="Keeps"/>, and it is given its share where it has less.</summary>
    Receives,
}
