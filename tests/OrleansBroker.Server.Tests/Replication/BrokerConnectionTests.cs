using System.Net;
using System.Net.Sockets;
using OrleansBroker.Core.Ports;
using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Messages;
using OrleansBroker.Server.Network;
using OrleansBroker.Storage;

namespace OrleansBroker.Server.Tests.Replication;

/// <summary>The connection between brokers over real sockets.</summary>
public sealed class BrokerConnectionTests : IAsyncLifetime
{
    private readonly TestBroker _broker = new();

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => _broker.DisposeAsync().AsTask();

    [Fact]
    public async Task Requests_are_answered_small_and_large()
    {
        _broker.CreateTopic("t", config: LogConfig.Default with { MaxMessageBytes = 8 << 20 });
        await using var connection = await ConnectAsync();
        foreach (var bytes in new[] { 10, 3 << 20, 100, 500_000, 20 })
        {
            var produced = await connection.SendAsync<ProduceRequest, ProduceResponse>(Batches.Produce("t", 0, Batches.OfSize(bytes)), 9, default);
            var offset = produced.Responses[0].PartitionResponses[0].BaseOffset;
            var fetched = await connection.SendAsync<FetchRequest, FetchResponse>(Batches.Fetch("t", offset), 11, default);
            Assert.Equal(Batches.OfSize(bytes).Length, fetched.Responses[0].Partitions[0].Records.Length);
        }
    }

    [Fact]
    public async Task Disposal_ends_a_call_that_waits()
    {
        _broker.CreateTopic("t");
        var connection = await ConnectAsync();
        var waiting = connection.SendAsync<FetchRequest, FetchResponse>(Batches.Fetch("t", 0, maxWaitMs: 600_000), 11, default).AsTask();
        await connection.DisposeAsync();
        await Assert.ThrowsAsync<IOException>(() => waiting.WaitAsync(TimeSpan.FromSeconds(30)));
        await Assert.ThrowsAsync<IOException>(() => connection.SendAsync<ApiVersionsRequest, ApiVersionsResponse>(new ApiVersionsRequest(), 0, default).AsTask());
    }

    [Fact]
    public async Task A_call_that_is_cancelled_takes_its_connection_along()
    {
        _broker.CreateTopic("t");
        await using var connection = await ConnectAsync();
        using var cancellation = new CancellationTokenSource();
        var waiting = connection.SendAsync<FetchRequest, FetchResponse>(Batches.Fetch("t", 0, maxWaitMs: 600_000), 11, cancellation.Token).AsTask();
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting.WaitAsync(TimeSpan.FromSeconds(30)));
        await Assert.ThrowsAsync<IOException>(() => connection.SendAsync<ApiVersionsRequest, ApiVersionsResponse>(new ApiVersionsRequest(), 0, default).AsTask());
    }

    [Fact]
    public async Task A_broker_that_closes_the_connection_or_is_not_there_is_an_IOException()
    {
        var connection = await ConnectAsync();
        await _broker.Listener.StopAsync();
        await Assert.ThrowsAsync<IOException>(() => connection.SendAsync<ApiVersionsRequest, ApiVersionsResponse>(new ApiVersionsRequest(), 0, default).AsTask());
        await Assert.ThrowsAsync<IOException>(() => ConnectAsync().AsTask());
        await Assert.ThrowsAsync<IOException>(() => new BrokerConnector(new FixedMembership(ClusterView.Empty), "test").ConnectAsync(new BrokerId(5), default).AsTask());
    }

    [Fact]
    public async Task A_frame_that_is_too_large_or_of_another_request_ends_the_connection()
    {
        using var listener = new Socket(SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        foreach (var response in new byte[][] { [0x7F, 0xFF, 0xFF, 0xFF], [0, 0, 0, 10, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0], [0, 0, 0, 4, 0, 0, 0, 1] })
        {
            await using var connection = await ConnectAsync((IPEndPoint)listener.LocalEndPoint!);
            using var accepted = await listener.AcceptAsync();
            var waiting = connection.SendAsync<ApiVersionsRequest, ApiVersionsResponse>(new ApiVersionsRequest(), 0, default).AsTask();
            await accepted.SendAsync(response);
            await Assert.ThrowsAsync<IOException>(() => waiting.WaitAsync(TimeSpan.FromSeconds(30)));
        }
    }

    private ValueTask<IBrokerConnection> ConnectAsync() => ConnectAsync(_broker.Listener.LocalEndpoint);

    private static ValueTask<IBrokerConnection> ConnectAsync(IPEndPoint endpoint)
    {
        var registration = new BrokerRegistration(new BrokerId(0), 1, 1, Guid.NewGuid(), endpoint.Address.ToString(), endpoint.Port, null);
        return new BrokerConnector(new FixedMembership(new ClusterView(1, [registration])), "test").ConnectAsync(new BrokerId(0), default);
    }
}
