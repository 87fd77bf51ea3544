using System.Buffers.Binary;
using System.Net.Sockets;
using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Messages;
using OrleansBroker.Server.Network;
using OrleansBroker.Storage;

namespace OrleansBroker.Server.Tests;

/// <summary>Many connections, slow ones, silent ones, and the limits on all of them.</summary>
public sealed class ConnectionTests
{
    [Fact]
    public async Task Two_thousand_connections_at_once_work()
    {
        await using var broker = new TestBroker();
        broker.CreateTopic("t");
        var clients = new TestClient[2_000];
        for (var i = 0; i < clients.Length; i++)
        {
            clients[i] = broker.Connect();
            clients[i].Send(Batches.Produce("t", 0, Batches.Of("a")), 7);
        }

        foreach (var client in clients)
        {
            Assert.Equal(ErrorCode.None, client.Receive<ProduceResponse>(ProduceRequest.Api, 7, out _).Responses[0].PartitionResponses[0].ErrorCode);
        }

        Assert.Equal(clients.Length, broker.Listener.ConnectionCount);
        Assert.Equal(clients.Length, broker.Partitions.Find("t", 0)!.HighWatermark);
        Array.ForEach(clients, client => client.Dispose());
    }

    [Fact]
    public async Task A_client_that_reads_slowly_gets_everything_and_holds_up_nobody()
    {
        await using var broker = new TestBroker();
        broker.CreateTopic("t", config: LogConfig.Default with { MaxMessageBytes = 16 << 20 });
        using var producer = broker.Connect();
        var batch = Batches.OfSize(8 << 20);
        producer.Call<ProduceRequest, ProduceResponse>(Batches.Produce("t", 0, batch), 7);

        using var slow = broker.Connect();
        slow.Socket.ReceiveBufferSize = 16 << 10;
        var request = Batches.Fetch("t", 0);
        request.Topics[0].Partitions[0].PartitionMaxBytes = 16 << 20;
        for (var i = 0; i < 5; i++)
        {
            slow.Send(request, 11);
        }

        // All of its responses are stuck by now; others are served meanwhile, and it gets every byte in the end.
        for (var i = 0; i < 20; i++)
        {
            producer.ApiVersions();
        }

        for (var i = 0; i < 5; i++)
        {
            var fetched = slow.Receive<FetchResponse>(FetchRequest.Api, 11, out _).Responses[0].Partitions[0].Records;
            Assert.True(fetched.Memory.Span[16..].SequenceEqual(batch.AsSpan(16)));
        }
    }

    [Fact]
    public async Task A_client_that_stops_reading_is_dropped_after_the_idle_limit()
    {
        await using var broker = new TestBroker(options => options with { ConnectionIdleMsMax = 500 });
        var batch = Batches.OfSize(32 << 20);
        broker.CreateTopic("t", config: LogConfig.Default with { MaxMessageBytes = 64 << 20 });
        broker.Partitions.Find("t", 0)!.Append(batch, AppendOrigin.Client, DateTimeOffset.UtcNow.ToUnixTimeMilliseconds(), acks: 1);
        using var stuck = broker.Connect();
        var request = Batches.Fetch("t", 0);
        request.Topics[0].Partitions[0].PartitionMaxBytes = 64 << 20;
        stuck.Send(request, 11);
        Assert.True(SpinWait.SpinUntil(() => broker.Log.Lines.Any(line => line.EventId == 3006), TimeSpan.FromSeconds(20)));
        Assert.True(SpinWait.SpinUntil(() => broker.Listener.ConnectionCount == 0, TimeSpan.FromSeconds(20)));
    }

    [Fact]
    public async Task A_silent_connection_is_closed_after_the_idle_limit_and_a_long_poll_is_not()
    {
        await using var broker = new TestBroker(options => options with { ConnectionIdleMsMax = 100 });
        broker.CreateTopic("t");
        using var waiting = broker.Connect();
        waiting.Send(Batches.Fetch("t", 0, maxWaitMs: 600), 11);
        using var silent = broker.Connect();
        Assert.True(silent.IsClosed());
        Assert.NotNull(waiting.Receive());
    }

    [Fact]
    public async Task A_client_that_stops_in_the_middle_of_a_request_is_dropped_and_its_budget_freed()
    {
        await using var broker = new TestBroker(options => options with { RequestStallMsMax = 200 });
        using var client = broker.Connect();
        var begun = new byte[100];
        BinaryPrimitives.WriteInt32BigEndian(begun, 50 << 20);
        client.Send(begun);
        Assert.True(SpinWait.SpinUntil(() => broker.Listener.Budget.Used == 50 << 20, TimeSpan.FromSeconds(20)));
        Assert.True(client.IsClosed());
        Assert.True(SpinWait.SpinUntil(() => broker.Listener.Budget.Used == 0, TimeSpan.FromSeconds(20)));
    }

    [Fact]
    public async Task Large_requests_wait_for_one_another_and_small_ones_do_not()
    {
        await using var broker = new TestBroker(options => options with { QueuedRequestBytesMax = 4 << 20 });
        broker.CreateTopic("t", config: LogConfig.Default with { MaxMessageBytes = 16 << 20 });
        using var holder = broker.Connect();
        var begun = TestClient.Frame(Batches.Produce("t", 0, Batches.OfSize(3 << 20)), 7, 1);
        holder.Send(begun.AsSpan(0, begun.Length / 2));
        Assert.True(SpinWait.SpinUntil(() => broker.Listener.Budget.Used > 0, TimeSpan.FromSeconds(20)));

        using var waiter = broker.Connect();
        var waiting = Task.Run(() => waiter.Call<ProduceRequest, ProduceResponse>(Batches.Produce("t", 0, Batches.OfSize(3 << 20)), 7));
        using var small = broker.Connect();
        Assert.Equal(0, small.Call<ProduceRequest, ProduceResponse>(Batches.Produce("t", 0, Batches.OfSize(500_000)), 7).Responses[0].PartitionResponses[0].BaseOffset);
        Assert.False(waiting.IsCompleted);

        holder.Send(begun.AsSpan(begun.Length / 2));
        Assert.NotNull(holder.Receive());
        Assert.Equal(ErrorCode.None, (await waiting).Responses[0].PartitionResponses[0].ErrorCode);
    }

    [Fact]
    public async Task More_connections_than_an_address_may_have_are_closed()
    {
        await using var broker = new TestBroker(options => options with { ConnectionsPerAddressMax = 2 });
        using var first = broker.Connect();
        using var second = broker.Connect();
        first.ApiVersions();
        second.ApiVersions();
        using (var third = broker.Connect())
        {
            Assert.True(third.IsClosed());
        }

        first.Dispose();
        Assert.True(SpinWait.SpinUntil(() => broker.Listener.ConnectionCount == 1, TimeSpan.FromSeconds(20)));
        using var fourth = broker.Connect();
        fourth.ApiVersions();
    }

    [Fact]
    public async Task At_the_limit_a_connection_waits_for_another_to_end()
    {
        await using var broker = new TestBroker(options => options with { ConnectionsMax = 1 });
        using var first = broker.Connect();
        first.ApiVersions();
        using var second = broker.Connect();
        second.Send(new ApiVersionsRequest(), 0);
        Assert.False(second.Socket.Poll(50_000, SelectMode.SelectRead));
        first.Dispose();
        Assert.NotNull(second.Receive());
    }

    [Fact]
    public async Task A_long_poll_ends_when_its_client_is_gone()
    {
        await using var broker = new TestBroker();
        broker.CreateTopic("t");
        using (var client = broker.Connect())
        {
            client.ApiVersions();
            client.Send(Batches.Fetch("t", 0, maxWaitMs: int.MaxValue), 11);
        }

        Assert.True(SpinWait.SpinUntil(() => broker.Listener.ConnectionCount == 0, TimeSpan.FromSeconds(20)));
    }

    [Fact]
    public async Task Stopping_answers_long_polls_and_closes_every_connection()
    {
        var broker = new TestBroker();
        broker.CreateTopic("t");
        using var client = broker.Connect();
        client.Send(Batches.Fetch("t", 0, maxWaitMs: 60_000), 11);
        using var idle = broker.Connect();
        idle.ApiVersions();
        await broker.DisposeAsync();
        Assert.NotNull(client.Receive());
        Assert.True(client.IsClosed());
        Assert.True(idle.IsClosed());
    }

    [Fact]
    public async Task Stopping_answers_all_that_has_arrived_and_ends_with_that()
    {
        await using var broker = new TestBroker();
        broker.ProducerIds.Hold();
        using var client = broker.Connect();
        client.Send(new InitProducerIdRequest(), 4);
        client.Send(new ApiVersionsRequest(), 0);
        await broker.ProducerIds.Asked;

        var stopping = broker.Listener.StopAsync();
        broker.ProducerIds.Release();
        await stopping;

        var response = client.Receive<InitProducerIdResponse>(InitProducerIdRequest.Api, 4, out _);
        Assert.Equal((ErrorCode.None, 1), (response.ErrorCode, response.ProducerId));
        Assert.NotNull(client.Receive());
        Assert.True(client.IsClosed());
        Assert.Equal(0, broker.Listener.ConnectionCount);
    }

    [Fact]
    public async Task What_takes_longer_than_the_grace_is_not_answered()
    {
        await using var broker = new TestBroker(options => options with { StopGraceMs = 1 });
        broker.ProducerIds.Hold();
        using var client = broker.Connect();
        client.Send(new InitProducerIdRequest(), 4);
        await broker.ProducerIds.Asked;

        await broker.Listener.StopAsync();

        Assert.True(client.IsClosed());
    }

    [Fact]
    public async Task A_listener_that_is_killed_answers_nothing_more()
    {
        await using var broker = new TestBroker();
        broker.ProducerIds.Hold();
        using var client = broker.Connect();
        client.Send(new InitProducerIdRequest(), 4);
        await broker.ProducerIds.Asked;

        var killing = broker.Listener.AbortAsync();
        broker.ProducerIds.Release();
        await killing;

        Assert.True(client.IsClosed());
    }

    [Fact]
    public async Task The_budget_admits_in_order_and_never_locks_out_a_request_that_is_alone()
    {
        var budget = new RequestBudget(100);
        await budget.ReserveAsync(500);
        var second = budget.ReserveAsync(60);
        var third = budget.ReserveAsync(60);
        Assert.False(second.IsCompleted);
        budget.Release(500);
        await second;
        Assert.False(third.IsCompleted);
        budget.Release(60);
        await third;
        budget.Release(60);
        Assert.Equal(0, budget.Used);
    }
}
