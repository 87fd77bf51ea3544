using OrleansBroker.Core.Ports;
using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Wire;

namespace OrleansBroker.Core.Replication.Fetching;

/// <summary>The connection to a leader, with <c>replica.socket.timeout.ms</c> for every response.</summary>
internal sealed class LeaderConnection : IBrokerConnection
{
    private readonly IBrokerConnection _connection;
    private readonly ReplicaServices _services;
    private readonly CancellationTokenSource _expired;
    private readonly ITimer _timer;

    private LeaderConnection(IBrokerConnection connection, ReplicaServices services, CancellationToken stopping)
    {
        _connection = connection;
        _services = services;
        _expired = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        _timer = services.Clock.CreateTimer(static expired => ((CancellationTokenSource)expired!).Cancel(), _expired, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <exception cref="IOException">It cannot be reached.</exception>
    public static async ValueTask<LeaderConnection> OpenAsync(ReplicaServices services, BrokerId leader, CancellationToken stopping)
    {
        using var expired = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        await using var timer = services.Clock.CreateTimer(static expired => ((CancellationTokenSource)expired!).Cancel(), expired, Patience(services, 0), Timeout.InfiniteTimeSpan);
        return new LeaderConnection(await services.Connector.ConnectAsync(leader, expired.Token), services, stopping);
    }

    public ValueTask<TResponse> SendAsync<TRequest, TResponse>(TRequest request, short version, CancellationToken cancellation)
        where TRequest : class, IRequest<TResponse>, new()
        where TResponse : class, IWireStruct, new() =>
        SendAsync<TRequest, TResponse>(request, version, waitMs: 0);

    /// <param name="waitMs">How long the request asks the leader to wait.</param>
    /// <exception cref="OperationCanceledException">There was no response in time; the connection is of no more use.</exception>
    public async ValueTask<TResponse> SendAsync<TRequest, TResponse>(TRequest request, short version, int waitMs)
        where TRequest : class, IRequest<TResponse>, new()
        where TResponse : class, IWireStruct, new()
    {
        _timer.Change(Patience(_services, waitMs), Timeout.InfiniteTimeSpan);
        var response = await _connection.SendAsync<TRequest, TResponse>(request, version, _expired.Token);
        _timer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        return response;
    }

    public async ValueTask DisposeAsync()
    {
        await _timer.DisposeAsync();
        await _connection.DisposeAsync();
        _expired.Dispose();
    }

    private static TimeSpan Patience(ReplicaServices services, int waitMs) =>
        TimeSpan.FromMilliseconds((long)services.Config.Current.ReplicaSocketTimeoutMs + waitMs);
}
