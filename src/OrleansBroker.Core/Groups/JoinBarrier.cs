using OrleansBroker.Protocol;

namespace OrleansBroker.Core.Groups;

/// <summary>
/// The first half of a rebalance: from its cause until everybody that was waited for has joined or is out, when the next
/// generation begins and all that joined are answered.
/// </summary>
internal sealed class JoinBarrier(GroupOptions options, DeadlineQueue deadlines)
{
    /// <summary>Something changed that the assignment depends on.</summary>
    public void PrepareOrTryComplete(ClassicGroup group, long nowMs, CoordinatorResult result)
    {
        if (group.CanRebalance)
        {
            Prepare(group, nowMs, result);
        }
        else
        {
            TryComplete(group, nowMs, result);
        }
    }

    /// <summary>Ends the phase if nobody is missing; the initial rebalance ends by time only.</summary>
    public void TryComplete(ClassicGroup group, long nowMs, CoordinatorResult result)
    {
        if (group.State == GroupState.PreparingRebalance && group.PreviousState != GroupState.Empty && group.HaveAllJoined)
        {
            Complete(group, nowMs, result);
        }
    }

    /// <summary>The time to join is over.</summary>
    public void Expire(ClassicGroup group, long nowMs, CoordinatorResult result)
    {
        if (group.State != GroupState.PreparingRebalance)
        {
            return;
        }

        if (group.PreviousState == GroupState.Empty && group.IsMemberAdded && group.InitialRemainingMs > 0)
        {
            // Members are still arriving: rather one generation with all of them than one for each.
            group.IsMemberAdded = false;
            var delayMs = Math.Min(options.InitialRebalanceDelayMs, group.InitialRemainingMs);
            group.InitialRemainingMs = Math.Max(group.InitialRemainingMs - group.InitialDelayMs, 0);
            group.InitialDelayMs = delayMs;
            deadlines.Set(group.JoinDeadline, nowMs + delayMs);
            return;
        }

        Complete(group, nowMs, result);
    }

    public void Complete(ClassicGroup group, long nowMs, CoordinatorResult result)
    {
        group.JoinDeadline.Cancel();
        foreach (var member in group.Members.Where(member => !member.IsStatic && member.AwaitingJoin is null).ToArray())
        {
            group.Remove(member);
        }

        if (!group.ElectLeader() && group.Members.Count > 0)
        {
            // Only static members are left and none of them came: their sessions decide.
            deadlines.Set(group.JoinDeadline, nowMs + group.RebalanceTimeoutMs);
            return;
        }

        group.BeginGeneration(nowMs);
        if (group.IsEmpty)
        {
            result.Add(GroupRecords.Metadata(group, assignments: null));
            return;
        }

        foreach (var member in group.Members)
        {
            if (member.AwaitingJoin is { } token)
            {
                result.Reply(token, JoinReply.Joined(group, member));
                group.AwaitJoin(member, null);
            }

            deadlines.Set(member.Session, nowMs + member.SessionTimeoutMs);
            member.IsNew = false;
            group.SetOwesSync(member, true);
        }

        deadlines.Set(group.SyncDeadline, nowMs + group.RebalanceTimeoutMs);
    }

    private void Prepare(ClassicGroup group, long nowMs, CoordinatorResult result)
    {
        group.SyncDeadline.Cancel();
        foreach (var member in group.Members)
        {
            group.SetOwesSync(member, false);
            if (group.State == GroupState.CompletingRebalance)
            {
                member.Assignment = [];
            }

            if (member.AwaitingSync is { } token)
            {
                result.Reply(token, SyncReply.Refused(ErrorCode.RebalanceInProgress));
                member.AwaitingSync = null;
                deadlines.Set(member.Session, nowMs + member.SessionTimeoutMs);
            }
        }

        var isInitial = group.IsEmpty;
        group.TransitionTo(GroupState.PreparingRebalance, nowMs);
        if (isInitial)
        {
            group.IsMemberAdded = false;
            group.InitialDelayMs = options.InitialRebalanceDelayMs;
            group.InitialRemainingMs = Math.Max(group.RebalanceTimeoutMs - options.InitialRebalanceDelayMs, 0);
            deadlines.Set(group.JoinDeadline, nowMs + options.InitialRebalanceDelayMs);
        }
        else if (group.HaveAllJoined)
        {
            Complete(group, nowMs, result);
        }
        else
        {
            deadlines.Set(group.JoinDeadline, nowMs + group.RebalanceTimeoutMs);
        }
    }
}
