using OrleansBroker.Abstractions.Messages;
using OrleansBroker.Abstractions.Partitions;
using OrleansBroker.Embedded;
using OrleansBroker.Grains.Membership;
using OrleansBroker.Protocol.Messages;
using OrleansBroker.Protocol.Wire;
using OrleansBroker.Server.Dispatch;

namespace OrleansBroker.Grains.Doors;

/// <summary>
/// Where callers inside Orleans reach the broker of this silo: their messages go to the handlers that answer the listener's clients.
/// Nothing is sent on to other brokers from here, but what those handlers send.
/// </summary>
internal sealed class BrokerDoor : IAsyncDisposable
{
    /// <summary>What groups and logs call these callers.</summary>
    private const string ClientId = "orleans";

    /// <summary>JoinGroup and SyncGroup may wait for minutes: calls are held open for so long, and made again.</summary>
    public static readonly TimeSpan WaitMax = TimeSpan.FromSeconds(5);

    private readonly LocalBroker _local;
    private readonly PauseWatch? _pauses;
    private readonly InProcessCalls _calls;
    private readonly PartitionDoor _partitions;
    private readonly TimeProvider _clock;
    private readonly TimeSpan _waitMax;

    /// <param name="pauses">Null for a broker that is alone, which nobody takes to be dead.</param>
    /// <param name="waitMax">How long a join or a sync is waited for: <see cref="WaitMax"/>.</param>
    public BrokerDoor(BrokerHost host, LocalBroker local, PauseWatch? pauses, TimeSpan waitMax)
    {
        _local = local;
        _pauses = pauses;
        _waitMax = waitMax;
        _clock = host.Services.Clock;
        _calls = new InProcessCalls(host.Services, DoorSettings.From(host.Services.Config.Current), "/orleans");
        _partitions = new PartitionDoor(host, _calls, ClientId);
    }

    /// <summary>Answers a message of the grains' interfaces. To be called on the thread pool: the broker's code goes on where it was called.</summary>
    /// <param name="key">The grain's.</param>
    /// <returns>Null where a join or a sync goes on.</returns>
    /// <exception cref="IOException">What became of the request is not known.</exception>
    public async ValueTask<object?> HandleAsync(string key, object request)
    {
        try
        {
            await PassAsync();
            var response = await AnswerAsync(key, request);

            // What this broker takes itself to have done as a leader may not be so.
            await PassAsync();
            return _local.IsSevered ? throw new IOException("the cluster takes this broker to be dead") : response;
        }
        catch (OperationCanceledException e)
        {
            throw new IOException("the broker stops", e);
        }
    }

    /// <summary>Has this broker stand for election where nobody leads the partition of an <see cref="IPartitionGrain"/>.</summary>
    public ValueTask StandAsync(string key) => PartitionKey.TryParse(key, out var topic, out var partition) ? _partitions.StandAsync(topic, partition) : ValueTask.CompletedTask;

    /// <summary>Ends what waits; completes when nothing is under way any more.</summary>
    public ValueTask DisposeAsync() => _calls.DisposeAsync();

    private ValueTask PassAsync() => _pauses?.PassAsync(_calls.Closed) ?? ValueTask.CompletedTask;

    private async ValueTask<object?> AnswerAsync(string key, object request) => request switch
    {
        AppendRequest append => await _partitions.AppendAsync(key, append),
        ReadRequest read => await _partitions.ReadAsync(key, read),
        FindOffsetRequest find => await _partitions.FindOffsetAsync(key, find),
        JoinGroupRequest join => await WaitAsync<JoinGroupRequest, JoinGroupResponse>(Own(join, own => own.GroupId = key)),
        SyncGroupRequest sync => await WaitAsync<SyncGroupRequest, SyncGroupResponse>(Own(sync, own => own.GroupId = key)),
        HeartbeatRequest heartbeat => await AskAsync<HeartbeatRequest, HeartbeatResponse>(Own(heartbeat, own => own.GroupId = key)),
        LeaveGroupRequest leave => await AskAsync<LeaveGroupRequest, LeaveGroupResponse>(Own(leave, own => own.GroupId = key)),
        OffsetCommitRequest commit => await AskAsync<OffsetCommitRequest, OffsetCommitResponse>(Own(commit, own => own.GroupId = key)),
        OffsetFetchRequest fetch => await AskAsync<OffsetFetchRequest, OffsetFetchResponse>(Own(fetch, own => OfGroup(own, key))),
        DescribeGroupsRequest => await AskAsync<DescribeGroupsRequest, DescribeGroupsResponse>(new DescribeGroupsRequest { Groups = [key] }),
        CreateTopicsRequest create => await AskAsync<CreateTopicsRequest, CreateTopicsResponse>(Own(create)),
        DeleteTopicsRequest delete => await AskAsync<DeleteTopicsRequest, DeleteTopicsResponse>(Own(delete)),
        CreatePartitionsRequest add => await AskAsync<CreatePartitionsRequest, CreatePartitionsResponse>(Own(add)),
        MetadataRequest describe => await AskAsync<MetadataRequest, MetadataResponse>(Own(describe)),
        DescribeConfigsRequest describe => await AskAsync<DescribeConfigsRequest, DescribeConfigsResponse>(Own(describe)),
        IncrementalAlterConfigsRequest alter => await AskAsync<IncrementalAlterConfigsRequest, IncrementalAlterConfigsResponse>(Own(alter)),
        InitProducerIdRequest next => await AskAsync<InitProducerIdRequest, InitProducerIdResponse>(Own(next)),
        _ => throw new ArgumentException($"{request.GetType().Name} is not for grains", nameof(request)),
    };

    /// <summary>Handlers write to what they are given, and a message within a silo is the caller's own.</summary>
    private static T Own<T>(T request, Action<T>? change = null)
        where T : class
    {
        var own = CarriedMessages.Copy(request);
        change?.Invoke(own);
        return own;
    }

    private static void OfGroup(OffsetFetchRequest request, string group)
    {
        request.Groups = request.Groups.Length == 0 ? [new() { Topics = null }] : request.Groups[..1];
        request.Groups[0].GroupId = group;
    }

    private async ValueTask<object?> AskAsync<TRequest, TResponse>(TRequest request)
        where TRequest : class, IRequest<TResponse>, new()
        where TResponse : class, IWireStruct, new() =>
        await _calls.AskAsync<TRequest, TResponse>(request, CarriedVersions.Of(TRequest.Api), ClientId);

    private async ValueTask<object?> WaitAsync<TRequest, TResponse>(TRequest request)
        where TRequest : class, IRequest<TResponse>, new()
        where TResponse : class, IWireStruct, new()
    {
        using var waited = new CancellationTokenSource(_waitMax, _clock);
        try
        {
            return await _calls.AskAsync<TRequest, TResponse>(request, CarriedVersions.Of(TRequest.Api), ClientId, waited.Token);
        }
        catch (OperationCanceledException) when (waited.IsCancellationRequested && !_calls.IsClosed)
        {
            return null;
        }
    }
}
