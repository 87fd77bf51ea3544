namespace OrleansBroker.Core.Rebalancing;

/// <summary>What a plan may do with a partition.</summary>
public enum PartitionUse
{
    /// <summary>It can be moved.</summary>
    Rests,

    /// <summary>A move is under way that may give way to another: it is left to that, unless a broker that it leads to is to leave.</summary>
    Moves,

    /// <summary>Nothing: somebody else moves it, or nobody leads it.</summary>
    Held,
}
