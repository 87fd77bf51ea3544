using Microsoft.Extensions.Logging;
using OrleansBroker.Core.Configuration;
using OrleansBroker.Core.Metadata;
using OrleansBroker.Core.Partitions;
using OrleansBroker.Core.Ports;
using OrleansBroker.Core.Topics;
using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Messages;

namespace OrleansBroker.Core.Groups.Hosting;

/// <summary>
/// The groups of this broker: finds the shard that a group belongs to, and makes <c>__consumer_offsets</c> when a group first
/// needs it.
/// </summary>
public sealed class GroupCoordinator : IGroupCoordinator, IAsyncDisposable
{
    /// <summary>How long the deletion of a topic waits for a shard that is being loaded or cannot commit.</summary>
    private const int DeleteAgainMs = 500;

    /// <summary>Shards that are loaded at a time: one that takes long does not hold up the rest, and all together not the broker.</summary>
    private const int LoadsMax = 2;

    private readonly TimeProvider _time;
    private readonly BrokerConfigCache _config;
    private readonly MetadataCache _metadata;
    private readonly PartitionTable _partitions;
    private readonly ITopicCatalog _topics;
    private readonly GroupHosting _hosting;
    private readonly BackgroundTasks _background = new(LoadsMax);
    private readonly Lock _growing = new();
    private readonly Random _random;
    private GroupShardHost[] _hosts = [];

    /// <param name="random">Asked once: for what member ids are made of.</param>
    public GroupCoordinator(BrokerConfigCache config, MetadataCache metadata, PartitionTable partitions, ITopicCatalog topics, TimeProvider time, Random random, ILogger logger)
    {
        _config = config;
        _metadata = metadata;
        _partitions = partitions;
        _topics = topics;
        _time = time;
        _random = new Random(random.Next());
        var clock = new SteadyClock(time);
        _hosting = new GroupHosting
        {
            Options = GroupOptions.From(config.Current),
            Codec = config.Current.OffsetsTopicCompressionCodec,
            Clock = clock,
            Timer = new GroupTimer(time, clock, Tick),
            Logger = logger,
            FindPartition = Find,
            RunInBackground = _background.Run,
        };
    }

    /// <summary>Starts to load all groups that this broker leads, so that sessions end and offsets expire also where nobody asks.</summary>
    public void Start()
    {
        foreach (var host in Hosts())
        {
            host.OnRoleChanged();
        }
    }

    /// <summary>
    /// A partition of this broker began to lead, ended to, or was closed: its groups are loaded in the background, or thrown away
    /// with all who wait. Called by whoever changed it; does not wait.
    /// </summary>
    public void OnRoleChanged(Partition partition)
    {
        if (partition.Name.Topic == InternalTopics.ConsumerOffsets)
        {
            HostsUpTo(partition.Name.Partition + 1)[partition.Name.Partition].OnRoleChanged();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _background.DisposeAsync();
        _hosting.Timer.Dispose();
        foreach (var host in Volatile.Read(ref _hosts))
        {
            host.Dispose();
        }
    }

    public int PartitionFor(string groupId) =>
        GroupPartitioner.PartitionFor(groupId, PartitionCount() is > 0 and var count ? count : _config.Current.OffsetsTopicNumPartitions);

    public async ValueTask<(ErrorCode Error, BrokerId Broker)> FindAsync(string groupId, CancellationToken cancellation)
    {
        if (!await IsTopicThereAsync(cancellation) || _metadata.Current.Find(InternalTopics.ConsumerOffsets) is not { } topic)
        {
            return (ErrorCode.CoordinatorNotAvailable, BrokerId.None);
        }

        var index = GroupPartitioner.PartitionFor(groupId, topic.Partitions.Length);
        var leader = LeaderOf(index, topic.Partitions[index]);
        return leader == BrokerId.None ? (ErrorCode.CoordinatorNotAvailable, leader) : (ErrorCode.None, leader);
    }

    public async ValueTask<JoinGroupResponse> JoinGroupAsync(JoinGroupRequest request, GroupCaller caller, CancellationToken cancellation)
    {
        await IsTopicThereAsync(cancellation);
        return await SubmitAsync(
            request.GroupId,
            (shard, token, nowMs) => shard.JoinGroup(request, caller, token, NewUuid(), nowMs),
            GroupRefusals.JoinGroup, cancellation);
    }

    public ValueTask<SyncGroupResponse> SyncGroupAsync(SyncGroupRequest request, GroupCaller caller, CancellationToken cancellation) => SubmitAsync(
        request.GroupId,
        (shard, token, nowMs) => shard.SyncGroup(request, caller, token, nowMs),
        GroupRefusals.SyncGroup, cancellation);

    public ValueTask<HeartbeatResponse> HeartbeatAsync(HeartbeatRequest request, GroupCaller caller)
    {
        var error = HostOf(request.GroupId) is { } host ? host.Heartbeat(request) : ErrorCode.NotCoordinator;

        // A member that is being loaded is taken to be alive.
        return new ValueTask<HeartbeatResponse>(new HeartbeatResponse { ErrorCode = error == ErrorCode.CoordinatorLoadInProgress ? ErrorCode.None : error });
    }

    public ValueTask<LeaveGroupResponse> LeaveGroupAsync(LeaveGroupRequest request, GroupCaller caller) => SubmitAsync(
        request.GroupId,
        (shard, token, nowMs) => shard.LeaveGroup(request, caller, token, nowMs),
        GroupRefusals.LeaveGroup, CancellationToken.None);

    public async ValueTask<OffsetCommitResponse> CommitOffsetsAsync(OffsetCommitRequest request, GroupCaller caller, CancellationToken cancellation)
    {
        await IsTopicThereAsync(cancellation);
        return await SubmitAsync(
            request.GroupId,
            (shard, token, nowMs) => shard.CommitOffsets(request, caller, token, nowMs),
            error => GroupRefusals.OffsetCommit(request, error), cancellation);
    }

    public ValueTask<OffsetFetchResponse.OffsetFetchResponseGroup> FetchOffsetsAsync(OffsetFetchRequest.OffsetFetchRequestGroup request, GroupCaller caller) => ReadAsync(
        request.GroupId,
        shard => shard.FetchOffsets(request),
        error => GroupRefusals.OffsetFetch(request.GroupId, error));

    public ValueTask<OffsetDeleteResponse> DeleteOffsetsAsync(OffsetDeleteRequest request, GroupCaller caller) => SubmitAsync(
        request.GroupId,
        (shard, token, _) => shard.DeleteOffsets(request, token),
        GroupRefusals.OffsetDelete, CancellationToken.None);

    public async ValueTask<DescribeGroupsResponse> DescribeGroupsAsync(DescribeGroupsRequest request, GroupCaller caller)
    {
        var groups = new DescribeGroupsResponse.DescribedGroup[request.Groups.Length];
        for (var i = 0; i < groups.Length; i++)
        {
            var groupId = request.Groups[i];
            groups[i] = await ReadAsync(groupId, shard => shard.DescribeGroup(groupId, caller), error => GroupRefusals.DescribeGroup(groupId, error));
        }

        return new DescribeGroupsResponse { Groups = groups };
    }

    public async ValueTask<ListGroupsResponse> ListGroupsAsync(ListGroupsRequest request, GroupCaller caller)
    {
        var groups = new List<ListGroupsResponse.ListedGroup>();
        foreach (var host in Hosts())
        {
            var listed = await host.ReadAsync(
                shard => new ListGroupsResponse { Groups = [.. shard.ListGroups(request.StatesFilter, request.TypesFilter)] },
                error => new ListGroupsResponse { ErrorCode = error });
            if (listed.ErrorCode is not (ErrorCode.None or ErrorCode.NotCoordinator))
            {
                return listed;
            }

            groups.AddRange(listed.Groups);
        }

        return new ListGroupsResponse { Groups = [.. groups] };
    }

    public async ValueTask<DeleteGroupsResponse> DeleteGroupsAsync(DeleteGroupsRequest request, GroupCaller caller)
    {
        var results = new List<DeleteGroupsResponse.DeletableGroupResult>();
        foreach (var groupIds in request.GroupsNames.Distinct().GroupBy(PartitionFor).Select(each => each.ToArray()))
        {
            var response = await SubmitAsync(
                groupIds[0],
                (shard, token, _) => shard.DeleteGroups(groupIds, token),
                error => GroupRefusals.DeleteGroups(groupIds, error), CancellationToken.None);
            results.AddRange(response.Results);
        }

        return new DeleteGroupsResponse { Results = [.. results] };
    }

    public async ValueTask DeleteTopicOffsetsAsync(string topic)
    {
        foreach (var host in Hosts())
        {
            // Elsewhere another broker does it.
            while (await host.SubmitAsync<object>((shard, token, _) => shard.DeleteTopicOffsets(topic, token), error => error)
                is ErrorCode.CoordinatorLoadInProgress or ErrorCode.CoordinatorNotAvailable)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(DeleteAgainMs), _time, _background.Stopping);
            }
        }
    }

    private ValueTask<TResponse> SubmitAsync<TResponse>(
        string groupId, Func<GroupShard, ReplyToken, long, CoordinatorResult> input, Func<ErrorCode, TResponse> refusal, CancellationToken cancellation)
        where TResponse : class =>
        HostOf(groupId)?.SubmitAsync(input, refusal, cancellation) ?? new ValueTask<TResponse>(refusal(ErrorCode.NotCoordinator));

    private ValueTask<TResponse> ReadAsync<TResponse>(string groupId, Func<GroupShard, TResponse> question, Func<ErrorCode, TResponse> refusal)
        where TResponse : class =>
        HostOf(groupId)?.ReadAsync(question, refusal) ?? new ValueTask<TResponse>(refusal(ErrorCode.NotCoordinator));

    private Guid NewUuid()
    {
        Span<byte> uuid = stackalloc byte[16];
        lock (_random)
        {
            _random.NextBytes(uuid);
        }

        return new Guid(uuid);
    }

    private int PartitionCount() => _metadata.Current.Find(InternalTopics.ConsumerOffsets)?.Partitions.Length ?? 0;

    private Partition? Find(int index) => _partitions.Find(InternalTopics.ConsumerOffsets, index);

    /// <summary>
    /// The live broker that leads, as far as is known here; none where the image names this one although it does not lead, or is
    /// older than what this broker knows itself.
    /// </summary>
    private BrokerId LeaderOf(int index, PartitionImage image)
    {
        var self = _config.Current.Broker;
        if (Find(index) is { Leadership: { } leading, IsClosed: false } && leading.Epoch >= image.LeaderEpoch)
        {
            return self;
        }

        return image.Leader != self && _metadata.Current.IsAlive(image.Leader) ? image.Leader : BrokerId.None;
    }

    private GroupShardHost? HostOf(string groupId)
    {
        var count = PartitionCount();
        return count == 0 ? null : HostsUpTo(count)[GroupPartitioner.PartitionFor(groupId, count)];
    }

    /// <summary>One for each partition of the topic; none while there is no topic.</summary>
    private ArraySegment<GroupShardHost> Hosts()
    {
        var count = PartitionCount();
        return new ArraySegment<GroupShardHost>(HostsUpTo(count), 0, count);
    }

    /// <summary>At least as many. A deleted topic leaves its hosts: they find out when they are next asked, and are there for its successor.</summary>
    private GroupShardHost[] HostsUpTo(int count)
    {
        var hosts = Volatile.Read(ref _hosts);
        if (hosts.Length >= count)
        {
            return hosts;
        }

        lock (_growing)
        {
            if (_hosts.Length < count)
            {
                Volatile.Write(ref _hosts, [.. _hosts, .. Enumerable.Range(_hosts.Length, count - _hosts.Length).Select(index => new GroupShardHost(_hosting, index))]);
            }

            return _hosts;
        }
    }

    private async ValueTask<bool> IsTopicThereAsync(CancellationToken cancellation)
    {
        if (PartitionCount() > 0)
        {
            return true;
        }

        var error = (await _topics.CreateOnFirstUseAsync([InternalTopics.ConsumerOffsets], cancellation))[0];
        if (error != ErrorCode.None)
        {
            GroupLogMessages.OffsetsTopicNotCreated(_hosting.Logger, error);
        }

        return error == ErrorCode.None;
    }

    private void Tick()
    {
        var nextMs = long.MaxValue;
        foreach (var host in Volatile.Read(ref _hosts))
        {
            nextMs = Math.Min(nextMs, host.Tick());
        }

        _hosting.Timer.RingAt(nextMs);
    }
}
