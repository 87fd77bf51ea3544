using OrleansBroker.Core.Replication;
using OrleansBroker.Protocol;

namespace OrleansBroker.Embedded.Tests.Groups;

/// <summary>
/// Two brokers that hold a partition of <c>__consumer_offsets</c>, of which one leads; min.insync.replicas is 2. The follower
/// fetches when the test says so.
/// </summary>
internal sealed class GroupReplicas : IAsyncDisposable
{
    private readonly ManualTime _time = new();
    private PartitionState _state = new()
    {
        TopicId = GroupReplica.Topic,
        Partition = 0,
        Replicas = [new BrokerId(1), new BrokerId(2)],
        Leader = new BrokerId(1),
        LeaderEpoch = new LeaderEpoch(0),
        Isr = [new IsrMember(new BrokerId(1), 0), new IsrMember(new BrokerId(2), 0)],
    };

    public GroupReplicas()
    {
        First = new GroupReplica(1, _time, _state, [1, 2]);
        Second = new GroupReplica(2, _time, _state, [1, 2]);
        First.Lead(_state);
        Second.Follow(_state);
    }

    public GroupReplica First { get; }

    public GroupReplica Second { get; }

    /// <summary>Who was elected last.</summary>
    public GroupReplica Leader => _state.Leader == First.Id ? First : Second;

    public GroupReplica Follower => _state.Leader == First.Id ? Second : First;

    public async ValueTask DisposeAsync()
    {
        await First.DisposeAsync();
        await Second.DisposeAsync();
    }

    public bool IsInSync(GroupReplica replica) => _state.IsInSync(replica.Id);

    /// <summary>Another leader epoch. Who led does not hear of it until <see cref="Depose"/>.</summary>
    public void Elect(GroupReplica leader, params GroupReplica[] isr)
    {
        _state = _state with
        {
            Leader = leader.Id,
            LeaderEpoch = new LeaderEpoch(_state.LeaderEpoch.Value + 1),
            Isr = [.. isr.Select(each => new IsrMember(each.Id, 0))],
        };
        leader.Lead(_state);
    }

    /// <summary>The broker hears who leads, and drops what the leader does not have.</summary>
    public void Depose(GroupReplica follower)
    {
        follower.Follow(_state);
        var (ours, theirs) = (follower.Partition.Log, Leader.Partition.Log);
        while (ours.LogEndOffset > 0)
        {
            var common = theirs.EndOffsetFor(ours.Epochs.Latest);
            var end = Math.Min(common.EndOffset, ours.EndOffsetFor(common.Epoch).EndOffset);
            Assert.True(ours.TryTruncateTo(Math.Max(end, 0), _state.LeaderEpoch));
            if (common.Epoch == ours.Epochs.Latest)
            {
                return;
            }
        }
    }

    /// <summary>Another leader: both brokers know, and nothing has been fetched since.</summary>
    public void Move(GroupReplica from, GroupReplica to)
    {
        Elect(to, from, to);
        Depose(from);
    }

    /// <summary>The leader writes another ISR.</summary>
    public void ChangeIsr(params GroupReplica[] isr)
    {
        _state = _state with { Isr = [.. isr.Select(each => new IsrMember(each.Id, 0))], PartitionEpoch = _state.PartitionEpoch + 1 };
        Leader.Partition.Update(_state, _time.GetTimestamp());
    }

    /// <summary>The follower copies what the leader has; the leader hears of it with the fetch after that.</summary>
    public void Copy()
    {
        var (leader, follower) = (Leader.Partition, Follower.Partition);
        while (follower.Log.LogEndOffset < leader.Log.LogEndOffset)
        {
            var records = leader.ReadToEnd(follower.Log.LogEndOffset, 1 << 20, atLeastOneBatch: true).Records;
            var batches = new byte[records.Length];
            records.CopyTo(batches);
            Assert.Equal(ErrorCode.None, follower.AppendReplicated(batches, _state.LeaderEpoch, _time.NowMs).Error);
        }
    }

    /// <summary>The follower copies, and tells the leader, and hears of the high watermark.</summary>
    public void Replicate()
    {
        Copy();
        Leader.Partition.NoteFetched(Follower.Id, brokerEpoch: 0, Follower.Partition.Log.LogEndOffset, _time.GetTimestamp());
        Leader.Partition.NotifyCommitted();
        Follower.Partition.Log.AdvanceHighWatermark(Leader.Partition.HighWatermark);
    }

    /// <summary>Waits for an answer that needs the follower.</summary>
    public async Task<T> ReplicatedAsync<T>(Task<T> answer)
    {
        Replicate();
        return await answer;
    }

    /// <summary>One member on the first broker, in a stable first generation with the assignment 7.</summary>
    public async Task<string> StableAsync()
    {
        var joining = First.JoinAsync();
        _time.Pass(3_000);
        var joined = await ReplicatedAsync(joining);
        Assert.Equal(ErrorCode.None, (await ReplicatedAsync(First.SyncAsync(joined.MemberId, joined.GenerationId, (joined.MemberId, [7])))).ErrorCode);
        return joined.MemberId;
    }
}
