using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Messages;
using OrleansBroker.Protocol.Wire;
using OrleansBroker.Server.Dispatch;

namespace OrleansBroker.Server.Tests;

/// <summary>Requests without a socket are answered as those that came over one.</summary>
public sealed class InMemorySessionTests : IAsyncLifetime
{
    private readonly TestBroker _broker = new();
    private readonly CancellationTokenSource _closed = new();
    private readonly InMemorySession _session;

    public InMemorySessionTests() => _session = new InMemorySession(_broker.Listener.Endpoints, "/10.0.0.1", "PLAINTEXT", _closed.Token);

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        _session.Dispose();
        _closed.Dispose();
        await _broker.DisposeAsync();
    }

    [Fact]
    public async Task A_response_has_the_bytes_that_a_socket_gets_spliced_records_among_them()
    {
        _broker.CreateTopic("t", partitions: 3);
        using var client = _broker.Connect();
        foreach (var (partition, bytes) in new[] { (0, 40_000), (1, 10), (2, 70_000) })
        {
            await AnswerAsync(Batches.Produce("t", partition, Batches.OfSize(bytes)), 9);
        }

        var fetch = TestClient.Frame(Batches.Fetch("t", 0, 0, 1, 0, 1, 2), 12, correlationId: 7);
        client.Send(fetch);
        var overSocket = client.Receive()!;

        var answer = await _session.ExecuteAsync(fetch.AsMemory(4));

        Assert.Equal(overSocket, answer.Response![4..]);
        Assert.True(overSocket.Length > 110_000);
    }

    [Fact]
    public async Task Acks_0_has_no_response()
    {
        _broker.CreateTopic("t");
        Assert.Equal(new SessionAnswer(null, null), await AnswerAsync(Batches.Produce("t", 0, Batches.Of("a"), acks: 0), 7));
        Assert.Equal(1, _broker.Partitions.Find("t", 0)!.HighWatermark);
    }

    [Fact]
    public async Task An_API_that_is_not_served_closes_the_connection()
    {
        var frame = TestClient.Frame(new ApiVersionsRequest(), 0, correlationId: 1);
        frame[4] = 3;
        Assert.NotNull((await _session.ExecuteAsync(frame.AsMemory(4))).CloseReason);
    }

    [Fact]
    public async Task A_frame_that_ends_early_is_malformed() =>
        await Assert.ThrowsAsync<MalformedMessageException>(async () => await _session.ExecuteAsync(new byte[5]));

    [Fact]
    public async Task A_long_poll_sees_what_another_session_appends()
    {
        _broker.CreateTopic("t");
        var fetching = AnswerAsync(Batches.Fetch("t", 0, maxWaitMs: 60_000), 11);
        Assert.False(fetching.IsCompleted);

        using var producer = new InMemorySession(_broker.Listener.Endpoints, "/10.0.0.2", "PLAINTEXT", CancellationToken.None);
        await producer.ExecuteAsync(TestClient.Frame(Batches.Produce("t", 0, Batches.Of("a")), 9, 1).AsMemory(4));

        var response = ResponseFraming.Read<FetchResponse>((await fetching).Response.AsMemory(4), FetchRequest.Api, 11, out _);
        Assert.Equal(Batches.Of("a").Length, response.Responses[0].Partitions[0].Records.Length);
    }

    [Fact]
    public async Task A_connection_that_is_closed_ends_its_long_poll()
    {
        _broker.CreateTopic("t");
        var fetching = AnswerAsync(Batches.Fetch("t", 0, maxWaitMs: 60_000), 11);
        await _closed.CancelAsync();
        await fetching.WaitAsync(TimeSpan.FromSeconds(20));
    }

    private Task<SessionAnswer> AnswerAsync<TRequest>(TRequest request, short version)
        where TRequest : IRequest =>
        _session.ExecuteAsync(TestClient.Frame(request, version, correlationId: 1).AsMemory(4)).AsTask();
}
