using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Messages;
using OrleansBroker.Protocol.Records;
using OrleansBroker.Protocol.Wire;
using OrleansBroker.Server.Dispatch;

namespace OrleansBroker.Server.Tests;

/// <summary>Produce with acks all to partitions of three replicas, whose followers fetch when a test says so.</summary>
public sealed class CommitTests : IAsyncLifetime
{
    private readonly TestBroker _broker = new();
    private readonly CancellationTokenSource _closed = new();
    private readonly InMemorySession _session;

    public CommitTests()
    {
        _broker.CreateTopic("t", partitions: 2, replicas: 3);
        _session = new InMemorySession(_broker.Listener.Endpoints, "/10.0.0.1", "PLAINTEXT", _closed.Token);
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        _session.Dispose();
        _closed.Dispose();
        await _broker.DisposeAsync();
    }

    [Fact]
    public async Task A_request_is_answered_when_the_last_of_its_partitions_is_committed()
    {
        var producing = ProduceAsync(60_000, 0, 1);
        Fetch(partition: 0, follower: 1, offset: 1);
        Fetch(partition: 0, follower: 2, offset: 1);
        Fetch(partition: 1, follower: 2, offset: 1);
        Assert.False(producing.IsCompleted);

        Fetch(partition: 1, follower: 1, offset: 1);
        Assert.Equal([(ErrorCode.None, 0), (ErrorCode.None, 0)], await producing);
    }

    [Fact]
    public async Task What_is_not_committed_in_time_is_told_and_what_is_committed_is_not_lost()
    {
        var producing = ProduceAsync(1, 0, 1);
        Fetch(partition: 0, follower: 1, offset: 1);
        Fetch(partition: 0, follower: 2, offset: 1);

        Assert.Equal((ErrorCode.RequestTimedOut, -1), (await producing)[1]);
    }

    [Fact]
    public async Task A_commit_that_comes_too_late_answers_no_later_request()
    {
        Assert.Equal([(ErrorCode.RequestTimedOut, -1)], await ProduceAsync(1, 0));
        var second = ProduceAsync(60_000, 0);

        Fetch(partition: 0, follower: 1, offset: 1);
        Fetch(partition: 0, follower: 2, offset: 1);
        Assert.False(second.IsCompleted);

        Fetch(partition: 0, follower: 1, offset: 2);
        Fetch(partition: 0, follower: 2, offset: 2);
        Assert.Equal([(ErrorCode.None, 1)], await second);
    }

    [Fact]
    public async Task A_timeout_counts_for_each_request_anew()
    {
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal([(ErrorCode.RequestTimedOut, -1)], await ProduceAsync(20, 0));
            var next = ProduceAsync(60_000, 0);
            Fetch(partition: 0, follower: 1, offset: (2 * i) + 2);
            Fetch(partition: 0, follower: 2, offset: (2 * i) + 2);
            Assert.Equal([(ErrorCode.None, (2 * i) + 1)], await next);
        }
    }

    [Fact]
    public async Task A_leader_that_is_one_no_more_tells_those_who_wait()
    {
        var producing = ProduceAsync(60_000, 0);
        var partition = _broker.Partitions.Find("t", 0)!;
        partition.Follow(partition.State with { Leader = new BrokerId(1), LeaderEpoch = new LeaderEpoch(1) });
        Assert.Equal([(ErrorCode.NotLeaderOrFollower, -1)], await producing);
    }

    [Fact]
    public async Task A_connection_that_ends_waits_no_more_and_hears_nothing_of_a_later_commit()
    {
        var producing = ProduceAsync(60_000, 0, 1);
        await _closed.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => producing);

        Fetch(partition: 0, follower: 1, offset: 1);
        Fetch(partition: 0, follower: 2, offset: 1);
        Assert.Equal(1, _broker.Partitions.Find("t", 0)!.HighWatermark);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => ProduceAsync(60_000, 0));
    }

    [Fact]
    public async Task Commits_and_timeouts_at_the_same_time_answer_each_request_once()
    {
        var partition = _broker.Partitions.Find("t", 0)!;
        using var over = new CancellationTokenSource();
        var followers = Task.Run(() =>
        {
            while (!over.IsCancellationRequested)
            {
                Fetch(partition: 0, follower: 1, partition.Log.LogEndOffset);
                Fetch(partition: 0, follower: 2, partition.Log.LogEndOffset);
            }
        });
        for (var i = 0; i < 2_000; i++)
        {
            var (error, offset) = (await ProduceAsync(i % 3, 0))[0];
            Assert.True(error is ErrorCode.None ? offset == i : error == ErrorCode.RequestTimedOut, $"request {i}: {error}, {offset}");
        }

        await over.CancelAsync();
        await followers;
    }

    private void Fetch(int partition, int follower, long offset) =>
        _broker.Partitions.Find("t", partition)!.NoteFetched(new BrokerId(follower), brokerEpoch: 0, offset, timestamp: 0);

    private async Task<(ErrorCode Error, int BaseOffset)[]> ProduceAsync(int timeoutMs, params int[] partitions)
    {
        var request = Batches.Produce("t", 0, Batches.Of("a"), acks: -1);
        request.TimeoutMs = timeoutMs;
        request.TopicData[0].PartitionData = Array.ConvertAll(partitions, partition => new ProduceRequest.PartitionProduceData { Index = partition, Records = new RecordSet(Batches.Of("a")) });
        var answer = await _session.ExecuteAsync(TestClient.Frame(request, 9, correlationId: 1).AsMemory(4));
        var response = ResponseFraming.Read<ProduceResponse>(answer.Response.AsMemory(4), ProduceRequest.Api, 9, out _);
        return Array.ConvertAll(response.Responses[0].PartitionResponses, partition => (partition.ErrorCode, (int)partition.BaseOffset));
    }
}
