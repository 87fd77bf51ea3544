using System.Text;
using OrleansBroker.Protocol;

namespace OrleansBroker.Embedded.Tests.Groups;

/// <summary>A member of the group, as a client is: one request at a time, and after an error whatever clients do then.</summary>
internal sealed class GroupActor(string name, Random random, GroupHistory history)
{
    private Task _request = Task.CompletedTask;
    private string _memberId = string.Empty;
    private int _generation;
    private string[]? _toAssign;
    private bool _mustJoin = true;
    private bool _mustSync;
    private int _attempts;

    public bool IsIdle => _request.IsCompleted;

    public int Generation => _generation;

    public bool IsStable => IsIdle && !_mustJoin && !_mustSync;

    /// <param name="isLeader">The broker was elected last: what it tells is the truth.</param>
    public void Act(GroupClient broker, Func<bool> isLeader)
    {
        if (!IsIdle)
        {
            return;
        }

        Assert.False(_request.IsFaulted, _request.Exception?.ToString());
        _request = _mustJoin ? JoinAsync(broker) : _mustSync ? SyncAsync(broker) : random.Next(4) switch
        {
            0 => HeartbeatAsync(broker),
            1 => FetchAsync(broker, isLeader),
            _ => CommitAsync(broker),
        };
    }

    /// <summary>It wants a new assignment, as after a change of its subscription.</summary>
    public void Rejoin() => _mustJoin |= IsIdle;

    private async Task JoinAsync(GroupClient broker)
    {
        var joined = await broker.JoinAsync(_memberId, version: 4);
        _memberId = joined.ErrorCode switch
        {
            ErrorCode.None or ErrorCode.MemberIdRequired => joined.MemberId,
            ErrorCode.UnknownMemberId => string.Empty,
            _ => _memberId,
        };
        if (joined.ErrorCode == ErrorCode.None)
        {
            (_mustJoin, _mustSync, _generation) = (false, true, joined.GenerationId);
            _toAssign = joined.Leader == _memberId ? [.. joined.Members.Select(member => member.MemberId)] : null;
        }
    }

    private async Task SyncAsync(GroupClient broker)
    {
        var attempt = $"{name}-{++_attempts}";
        var assignments = (_toAssign ?? []).Select(memberId => (memberId, Encoding.UTF8.GetBytes(attempt))).ToArray();
        var synced = await broker.SyncAsync(_memberId, _generation, assignments);
        if (synced.ErrorCode == ErrorCode.None)
        {
            history.Assigned(_generation, Encoding.UTF8.GetString(synced.Assignment.Span));
            _mustSync = false;
        }
        else
        {
            Note(synced.ErrorCode);
            _mustJoin = true;
        }
    }

    private async Task HeartbeatAsync(GroupClient broker) => Note(await broker.HeartbeatAsync(_memberId, _generation));

    private async Task CommitAsync(GroupClient broker)
    {
        var (offset, generation, newest) = (history.NextOffset(), _generation, history.Generation);
        var error = (await broker.CommitAsync(offset, _memberId, generation))[0];
        if (error == ErrorCode.None)
        {
            history.Committed(offset, generation, newest);
        }

        Note(error);
    }

    private async Task FetchAsync(GroupClient broker, Func<bool> isLeader)
    {
        var acknowledged = history.Acknowledged;
        var wasLeader = isLeader();
        var offset = await broker.AskOffsetAsync();
        if (offset >= -1 && wasLeader)
        {
            history.Fetched(offset, acknowledged);
        }
    }

    private void Note(ErrorCode error)
    {
        // None, or another coordinator is to be asked: nothing changes.
        _mustJoin |= error is ErrorCode.UnknownMemberId or ErrorCode.IllegalGeneration or ErrorCode.RebalanceInProgress;
        _memberId = error == ErrorCode.UnknownMemberId ? string.Empty : _memberId;
    }
}
