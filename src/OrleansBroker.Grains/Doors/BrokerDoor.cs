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

    /// <summary>JoinGroup and SyncGroup may wait for minutes: calls are held open for so long, and made again. No call waits longer until it is run.</summary>
    public static readonly TimeSpan WaitMax = TimeSpan.FromSeconds(5);

    private readonly LocalBroker _local;
    private readonly PauseWatch? _pauses;
    private readonly InProcessCalls _calls;
    private readonly PartitionDoor _partitions;
    private readonly DoorRoom _room;
    private readonly TimeProvider _clock;
    private readonly TimeSpan _waitMax;

    /// <param name="pauses">Null for a broker that is alone, which nobody takes to be dead.</param>
    /// <param name="waitMax">How long a join or a sync is waited for, and how long a call waits until it may be run: <see cref="WaitMax"/>.</param>
    public BrokerDoor(BrokerHost host, LocalBroker local, PauseWatch? pauses, TimeSpan waitMax)
    {
        _local = local;
        _pauses = pauses;
        _waitMax = waitMax;
        _clock = host.Services.Clock;
        var settings = DoorSettings.From(host.Services.Config.Current);
        _calls = new InProcessCalls(host.Services, settings, "/orleans");
        _room = new DoorRoom(settings.QueuedRequestBytesMax, _clock);
        _partitions = new PartitionDoor(host, _calls, _room, ClientId);
    }

    /// <summary>Answers a message of the grains' interfaces. To be called on the thread pool: the broker's code goes on where it was called.</summary>
    /// <param name="key">The grain's.</param>
    /// <returns>Null where a join or a sync goes on. <see cref="NotRun"/> where nothing was done.</returns>
    /// <exception cref="IOException">What became of the request is not known.</exception>
    public async ValueTask<object?> HandleAsync(string key, object request)
    {
        if (!_calls.TryEnter())
        {
            return NotRun.Answer(key, request);
        }

        try
        {
            var bytes = request is AppendRequest append ? append.Batch.Length : 0;
            return await TryAdmitAsync(bytes) ? await RunAsync(key, request, bytes) : NotRun.Answer(key, request);
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
        {
            throw new IOException("the broker stops", e);
        }
        finally
        {
            _calls.Leave();
        }
    }

    /// <summary>Has this broker stand for election where nobody leads the partition of an <see cref="IPartitionGrain"/>, unless it is about to end.</summary>
    public async ValueTask StandAsync(string key)
    {
        if (!PartitionKey.TryParse(key, out var topic, out var partition) || !_calls.TryEnter())
        {
            return;
        }

        try
        {
            await _partitions.StandAsync(topic, partition);
        }
        finally
        {
            _calls.Leave();
        }
    }

    /// <summary>Ends what waits; completes when nothing is under way any more.</summary>
    public ValueTask DisposeAsync() => _calls.DisposeAsync();

    /// <summary>Takes room for a request, and waits until the gate is open. False where that takes too long, or the broker stops.</summary>
    private async ValueTask<bool> TryAdmitAsync(int bytes)
    {
        try
        {
            await _room.TakeAsync(bytes, _waitMax, _calls.Closed);
        }
        catch (Exception e) when (e is TimeoutException or OperationCanceledException)
        {
            return false;
        }

        if (_pauses?.Closed is null)
        {
            return true;
        }

        using var limit = new CancellationTokenSource(_waitMax, _clock);
        using var waited = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, _calls.Closed);
        try
        {
            await _pauses.PassAsync(waited.Token);
            return true;
        }
        catch (OperationCanceledException)
        {
            _room.GiveBack(bytes);
            return false;
        }
    }

    /// <param name="bytes">The room that was taken.</param>
    private async ValueTask<object?> RunAsync(string key, object request, long bytes)
    {
        try
        {
            var response = await AnswerAsync(key, request);
            bytes += response is ReadResponse read ? read.Batches.Length : 0;

            // What this broker takes itself to have done as a leader may not be so.
            await (_pauses?.PassAsync(_calls.Closed) ?? ValueTask.CompletedTask);
            return _local.IsSevered ? throw new IOException("the cluster takes this broker to be dead") : response;
        }
        finally
        {
            _room.GiveBack(bytes);
        }
    }

    private async ValueTask<object?> AnswerAsync(string key, object request) => request switch
    {
        AppendRequest append => await _partitions.AppendAsync(key, append),
        ReadRequest read => await _partitions.ReadAsync(key, read),
        FindOffsetRequest find => await _partitions.FindOffsetAsync(key, find),
        JoinGroupRequest join => await WaitAsync<JoinGroupRequest, JoinGroupResponse>(Own(join, own => own.GroupId = key)) ?? await NameAsync(key, join),
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

    /// <summary>
    /// A static member that has joined without a member id, and waits, is told its id: it would replace itself each time that it
    /// asks again.
    /// </summary>
    private async ValueTask<JoinGroupResponse?> NameAsync(string group, JoinGroupRequest join)
    {
        if (join.GroupInstanceId is not { } instance || join.MemberId.Length > 0)
        {
            return null;
        }

        var described = (DescribeGroupsResponse)(await AskAsync<DescribeGroupsRequest, DescribeGroupsResponse>(new DescribeGroupsRequest { Groups = [group] }))!;
        return Array.Find(described.Groups[0].Members, member => member.GroupInstanceId == instance) is { } named
            ? new JoinGroupResponse { ErrorCode = ErrorCode.MemberIdRequired, MemberId = named.MemberId }
            : null;
    }

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
