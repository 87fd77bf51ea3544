namespace OrleansBroker.Core.Groups;

/// <summary>
/// What a classic group is doing. The names are the ones that clients are shown.
/// <code>
/// Empty               -- a member joins                         --> PreparingRebalance
/// PreparingRebalance  -- all joined, or the time for it is over --> CompletingRebalance
/// PreparingRebalance  -- the last member went                   --> Empty
/// CompletingRebalance -- the leader's assignment was committed  --> Stable
/// CompletingRebalance -- a member joins, changes, leaves, fails --> PreparingRebalance
/// Stable              -- a member joins, changes, leaves, fails --> PreparingRebalance
/// Empty               -- deleted, or its last offset expired    --> Dead
/// </code>
/// A dead group is not kept: to everybody who asks, a group that is not there is dead.
/// </summary>
public enum GroupState
{
    /// <summary>No members; kept for its offsets. A group of stand-alone consumers never leaves this state.</summary>
    Empty,

    /// <summary>Waits for members to join; heartbeats answer REBALANCE_IN_PROGRESS, commits of the old generation are taken.</summary>
    PreparingRebalance,

    /// <summary>Waits for the leader's assignment; commits answer REBALANCE_IN_PROGRESS.</summary>
    CompletingRebalance,

    /// <summary>Every member has, or can ask for, its assignment.</summary>
    Stable,

    /// <summary>Gone.</summary>
    Dead,
}
