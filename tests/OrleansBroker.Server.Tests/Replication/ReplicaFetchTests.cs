using OrleansBroker.Core.Metadata;
using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Messages;
using OrleansBroker.Protocol.Wire;
using OrleansBroker.Server.Dispatch;
using PartitionData = OrleansBroker.Protocol.Messages.FetchResponse.PartitionData;

namespace OrleansBroker.Server.Tests.Replication;

/// <summary>What a leader answers to replicas, and what it learns from them; what a follower answers to consumers. Nobody fetches but the test.</summary>
public sealed class ReplicaFetchTests : IAsyncLifetime
{
    private readonly ReplicaCluster _cluster = new(3, racks: ["a", "b", "c"]);
    private readonly Guid _id;
    private readonly InMemorySession _leader;
    private readonly InMemorySession _follower;

    public ReplicaFetchTests()
    {
        _id = _cluster.Create("t", heardBy: [0]);
        _cluster.Brokers[1]["t"].Follow(_cluster.Brokers[0]["t"].State);
        _leader = Connect(0);
        _follower = Connect(1);
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        _leader.Dispose();
        _follower.Dispose();
        await _cluster.DisposeAsync();
    }

    [Fact]
    public async Task A_replica_reads_beyond_the_high_watermark_and_moves_it_by_asking_for_more()
    {
        _cluster.Brokers[0].Append("t", "a");
        var first = await FetchAsync(_leader, Of(1, offset: 0));
        Assert.Equal((ErrorCode.None, 0L), (first.ErrorCode, first.HighWatermark));
        Assert.NotEqual(0, first.Records.Length);

        await FetchAsync(_leader, Of(1, offset: 1, lastEpoch: 0));
        Assert.Equal(0, _cluster.Brokers[0]["t"].HighWatermark);
        Assert.Equal(1, (await FetchAsync(_leader, Of(2, offset: 1, lastEpoch: 0))).HighWatermark);
    }

    [Theory]
    [InlineData(1, 100, 0, ErrorCode.NotLeaderOrFollower)]
    [InlineData(7, 107, 0, ErrorCode.UnknownLeaderEpoch)]
    [InlineData(7, 107, -1, ErrorCode.NotLeaderOrFollower)]
    [InlineData(1, 101, 1, ErrorCode.UnknownLeaderEpoch)]
    [InlineData(1, 101, 0, ErrorCode.None)]
    [InlineData(1, 101, -1, ErrorCode.None)]
    public async Task Only_an_assigned_replica_in_its_latest_life_is_served(int replica, long brokerEpoch, int leaderEpoch, ErrorCode expected)
    {
        var request = Of(replica, offset: 0, leaderEpoch: leaderEpoch);
        request.ReplicaState!.ReplicaEpoch = brokerEpoch;
        Assert.Equal(expected, (await FetchAsync(_leader, request)).ErrorCode);
    }

    [Fact]
    public async Task A_fetch_that_is_refused_or_diverges_says_nothing_of_the_follower()
    {
        _cluster.Brokers[0].Append("t", "a");
        _cluster.Elect("t", 0, heardBy: [0]);
        _cluster.Brokers[0].Append("t", "b");
        var leading = _cluster.Brokers[0]["t"].Leadership!;

        Assert.Equal(ErrorCode.FencedLeaderEpoch, (await FetchAsync(_leader, Of(1, offset: 2, leaderEpoch: 0))).ErrorCode);
        var diverging = (await FetchAsync(_leader, Of(1, offset: 2, leaderEpoch: 1, lastEpoch: 0))).DivergingEpoch!;
        Assert.Equal((0, 1L), (diverging.Epoch, diverging.EndOffset));
        Assert.Equal(ErrorCode.OffsetOutOfRange, (await FetchAsync(_leader, Of(1, offset: 9))).ErrorCode);
        Assert.Equal(-1, leading.LogEndOffsetOf(new BrokerId(1)));

        await FetchAsync(_leader, Of(1, offset: 1, leaderEpoch: 1, lastEpoch: 0));
        Assert.Equal(1, leading.LogEndOffsetOf(new BrokerId(1)));
    }

    [Fact]
    public async Task A_follower_does_not_serve_replicas_and_old_consumers()
    {
        Assert.Equal(ErrorCode.NotLeaderOrFollower, (await FetchAsync(_follower, Of(2, offset: 0))).ErrorCode);
        Assert.Equal(ErrorCode.NotLeaderOrFollower, (await FetchAsync(_follower, Batches.Fetch("t", 0), 10)).ErrorCode);
        Assert.Equal(ErrorCode.None, (await FetchAsync(_follower, Batches.Fetch("t", 0), 11)).ErrorCode);
    }

    [Fact]
    public async Task A_consumer_is_sent_to_a_replica_in_its_rack_that_has_what_it_asks_for()
    {
        _cluster.Brokers[0].Append("t", "a");
        _cluster.Brokers[0].Append("t", "b");
        await FetchAsync(_leader, Of(1, offset: 2, lastEpoch: 0));
        await FetchAsync(_leader, Of(2, offset: 1, lastEpoch: 0));

        var sent = await ConsumeAsync(rack: "b", offset: 1);
        Assert.Equal((1, 0), (sent.PreferredReadReplica, sent.Records.Length));
        Assert.Equal(1, sent.HighWatermark);

        // Broker 2 is behind, broker 0 leads, and nobody is in d.
        Assert.Equal(-1, (await ConsumeAsync("c", offset: 2)).PreferredReadReplica);
        Assert.Equal(2, (await ConsumeAsync("c", offset: 1)).PreferredReadReplica);
        Assert.Equal(-1, (await ConsumeAsync("a", offset: 0)).PreferredReadReplica);
        Assert.Equal(-1, (await ConsumeAsync("d", offset: 0)).PreferredReadReplica);
        Assert.Equal(-1, (await ConsumeAsync("", offset: 0)).PreferredReadReplica);
    }

    [Fact]
    public async Task A_consumer_is_not_sent_to_a_replica_out_of_sync()
    {
        _cluster.Elect("t", 0, heardBy: [0], isr: [0, 2]);
        await FetchAsync(_leader, Of(1, offset: 0));
        Assert.Equal(-1, (await ConsumeAsync("b", offset: 0)).PreferredReadReplica);
    }

    [Fact]
    public async Task Who_asks_the_wrong_broker_is_told_the_leader_and_where_it_is()
    {
        _cluster.Elect("t", 2, heardBy: [2]);
        var state = _cluster.Brokers[2]["t"].State;
        _cluster.Brokers[1].Services.Metadata.Change(image => image.With([new TopicImage("t", _id, [state.ToImage()])]));

        var answer = await SendAsync<ListOffsetsRequest, ListOffsetsResponse>(_follower, Latest(-1), 9);
        Assert.Equal(ErrorCode.NotLeaderOrFollower, answer.Topics[0].Partitions[0].ErrorCode);

        var produced = await SendAsync<ProduceRequest, ProduceResponse>(_follower, Batches.Produce("t", 0, Batches.Of("a")), 12);
        var refused = produced.Responses[0].PartitionResponses[0];
        Assert.Equal((ErrorCode.NotLeaderOrFollower, 2, 1), (refused.ErrorCode, refused.CurrentLeader!.LeaderId, refused.CurrentLeader.LeaderEpoch));
        Assert.Equal((2, 9094), (produced.NodeEndpoints[0].NodeId, produced.NodeEndpoints[0].Port));

        _cluster.Brokers[1]["t"].Follow(state);
        var fetched = await SendAsync<FetchRequest, FetchResponse>(_follower, ById(Batches.Fetch("t", 0), leaderEpoch: 0), 16);
        var fenced = fetched.Responses[0].Partitions[0];
        Assert.Equal((ErrorCode.FencedLeaderEpoch, 2, 1), (fenced.ErrorCode, fenced.CurrentLeader!.LeaderId, fenced.CurrentLeader.LeaderEpoch));
        Assert.Equal(9094, Assert.Single(fetched.NodeEndpoints).Port);
    }

    [Fact]
    public async Task A_partition_that_another_broker_holds_is_not_unknown()
    {
        var topic = new TopicImage("elsewhere", Guid.NewGuid(), [new PartitionImage(new BrokerId(1), new LeaderEpoch(3), [new BrokerId(1)], [new BrokerId(1)])]);
        _cluster.Brokers[0].Services.Metadata.Change(image => image.With([topic]));

        async Task<ErrorCode> ProduceAsync(string name, int partition) =>
            (await SendAsync<ProduceRequest, ProduceResponse>(_leader, Batches.Produce(name, partition, Batches.Of("a")), 12)).Responses[0].PartitionResponses[0].ErrorCode;

        Assert.Equal(ErrorCode.NotLeaderOrFollower, await ProduceAsync("elsewhere", 0));
        Assert.Equal(ErrorCode.UnknownTopicOrPartition, await ProduceAsync("elsewhere", 1));
        Assert.Equal(ErrorCode.UnknownTopicOrPartition, await ProduceAsync("nowhere", 0));
    }

    [Fact]
    public async Task A_new_leader_tells_no_end_before_it_knows_what_earlier_ones_showed()
    {
        _cluster.Brokers[0].Append("t", "a");
        _cluster.Elect("t", 0, heardBy: [0]);
        var consumer = await SendAsync<ListOffsetsRequest, ListOffsetsResponse>(_leader, Latest(-1), 9);
        var old = await SendAsync<ListOffsetsRequest, ListOffsetsResponse>(_leader, Latest(-1), 4);
        var replica = await SendAsync<ListOffsetsRequest, ListOffsetsResponse>(_leader, Latest(1), 9);
        Assert.Equal(ErrorCode.OffsetNotAvailable, consumer.Topics[0].Partitions[0].ErrorCode);
        Assert.Equal(ErrorCode.LeaderNotAvailable, old.Topics[0].Partitions[0].ErrorCode);
        Assert.Equal(1, replica.Topics[0].Partitions[0].Offset);
        Assert.Equal(0, (await FetchAsync(_leader, Batches.Fetch("t", 0), 11)).Records.Length);

        await FetchAsync(_leader, Of(1, offset: 1, leaderEpoch: 1, lastEpoch: 0));
        await FetchAsync(_leader, Of(2, offset: 1, leaderEpoch: 1, lastEpoch: 0));
        consumer = await SendAsync<ListOffsetsRequest, ListOffsetsResponse>(_leader, Latest(-1), 9);
        Assert.Equal(1, consumer.Topics[0].Partitions[0].Offset);
    }

    [Fact]
    public async Task A_debugging_consumer_may_ask_a_follower_for_its_end()
    {
        var answer = await SendAsync<ListOffsetsRequest, ListOffsetsResponse>(_follower, Latest(-2), 9);
        Assert.Equal((ErrorCode.None, 0L), (answer.Topics[0].Partitions[0].ErrorCode, answer.Topics[0].Partitions[0].Offset));
    }

    [Fact]
    public async Task Only_the_leader_tells_epochs_and_producers_and_deletes_records()
    {
        var epochs = new OffsetForLeaderEpochRequest
        {
            ReplicaId = 1, Topics = [new OffsetForLeaderEpochRequest.OffsetForLeaderTopic { Topic = "t", Partitions = [new OffsetForLeaderEpochRequest.OffsetForLeaderPartition { LeaderEpoch = 0 }] }],
        };
        var deletion = new DeleteRecordsRequest { Topics = [new DeleteRecordsRequest.DeleteRecordsTopic { Name = "t", Partitions = [new DeleteRecordsRequest.DeleteRecordsPartition()] }] };
        var producers = new DescribeProducersRequest { Topics = [new DescribeProducersRequest.TopicRequest { Name = "t", PartitionIndexes = [0] }] };
        foreach (var (session, expected) in new[] { (_leader, ErrorCode.None), (_follower, ErrorCode.NotLeaderOrFollower) })
        {
            Assert.Equal(expected, (await SendAsync<OffsetForLeaderEpochRequest, OffsetForLeaderEpochResponse>(session, epochs, 4)).Topics[0].Partitions[0].ErrorCode);
            Assert.Equal(expected, (await SendAsync<DeleteRecordsRequest, DeleteRecordsResponse>(session, deletion, 2)).Topics[0].Partitions[0].ErrorCode);
            Assert.Equal(expected, (await SendAsync<DescribeProducersRequest, DescribeProducersResponse>(session, producers, 0)).Topics[0].Partitions[0].ErrorCode);
        }
    }

    [Fact]
    public async Task A_fetch_of_a_session_counts_for_the_partitions_that_it_does_not_name()
    {
        var opened = await OpenAsync(1, offset: 0);
        var caughtUp = _cluster.Brokers[0]["t"].Leadership!.CaughtUpTimestampOf(new BrokerId(1));

        // All partitions of a session are looked at now and then only.
        await Until.TrueAsync(
            () =>
            {
                opened.Epoch++;
                var next = new FetchRequest { ReplicaState = State(1), SessionId = opened.Id, SessionEpoch = opened.Epoch, MinBytes = 1, MaxWaitMs = 0 };
                var response = SendAsync<FetchRequest, FetchResponse>(_leader, next, 17).GetAwaiter().GetResult();
                Assert.Equal(ErrorCode.None, response.ErrorCode);
                return _cluster.Brokers[0]["t"].Leadership!.CaughtUpTimestampOf(new BrokerId(1)) > caughtUp;
            },
            () => "the follower is forgotten");
    }

    [Fact]
    public async Task A_long_poll_of_a_session_is_woken_by_an_append_and_ends_with_a_new_leader()
    {
        var opened = await OpenAsync(1, offset: 0);
        var woken = SendAsync<FetchRequest, FetchResponse>(_leader, new FetchRequest { ReplicaState = State(1), SessionId = opened.Id, SessionEpoch = 1, MinBytes = 1, MaxWaitMs = 600_000 }, 17);
        Assert.False(woken.IsCompleted);
        _cluster.Brokers[0].Append("t", "a");
        Assert.NotEqual(0, (await woken.WaitAsync(TimeSpan.FromSeconds(30))).Responses[0].Partitions[0].Records.Length);

        var moved = Of(1, offset: 1, leaderEpoch: 0, lastEpoch: 0);
        (moved.SessionId, moved.SessionEpoch, moved.MaxWaitMs) = (opened.Id, 2, 600_000);
        var ended = SendAsync<FetchRequest, FetchResponse>(_leader, moved, 17);
        _cluster.Brokers[0]["t"].Follow(_cluster.Elect("t", 2, heardBy: []));
        Assert.Equal(ErrorCode.FencedLeaderEpoch, (await ended.WaitAsync(TimeSpan.FromSeconds(30))).Responses[0].Partitions[0].ErrorCode);
    }

    [Fact]
    public async Task A_second_request_for_a_session_ends_the_one_that_waits_and_not_the_session()
    {
        var opened = await OpenAsync(1, offset: 0);
        FetchRequest Next(int epoch) => new() { ReplicaState = State(1), SessionId = opened.Id, SessionEpoch = epoch, MinBytes = 1, MaxWaitMs = 600_000 };
        var waiting = SendAsync<FetchRequest, FetchResponse>(_leader, Next(1), 17);

        using var second = Connect(0);
        Assert.Equal(ErrorCode.InvalidFetchSessionEpoch, (await SendAsync<FetchRequest, FetchResponse>(second, Next(-2), 17)).ErrorCode);
        Assert.Equal((ErrorCode.None, opened.Id), (await waiting.WaitAsync(TimeSpan.FromSeconds(30)) is var ended ? (ended.ErrorCode, ended.SessionId) : default));

        waiting = SendAsync<FetchRequest, FetchResponse>(_leader, Next(2), 17);
        Assert.False(waiting.IsCompleted);
        _cluster.Brokers[0].Append("t", "a");
        Assert.Equal(ErrorCode.None, (await waiting.WaitAsync(TimeSpan.FromSeconds(30))).ErrorCode);
    }

    private static FetchRequest.FetchReplicaState State(int replica) => new() { ReplicaId = replica, ReplicaEpoch = ReplicaCluster.EpochOf(replica) };

    private static async Task<TResponse> SendAsync<TRequest, TResponse>(InMemorySession session, TRequest request, short version)
        where TRequest : class, IRequest<TResponse>, new()
        where TResponse : class, IWireStruct, new()
    {
        var answer = await session.ExecuteAsync(TestClient.Frame(request, version, correlationId: 1).AsMemory(4));
        return ResponseFraming.Read<TResponse>(answer.Response.AsMemory(4), TRequest.Api, version, out _);
    }

    private static async Task<PartitionData> FetchAsync(InMemorySession session, FetchRequest request, short version = 17) =>
        (await SendAsync<FetchRequest, FetchResponse>(session, request, version)).Responses[0].Partitions[0];

    private static ListOffsetsRequest Latest(int replica) => new()
    {
        ReplicaId = replica,
        Topics = [new ListOffsetsRequest.ListOffsetsTopic { Name = "t", Partitions = [new ListOffsetsRequest.ListOffsetsPartition { Timestamp = ListOffsetsRequest.LatestTimestamp }] }],
    };

    private InMemorySession Connect(int broker) => new(_cluster.Brokers[broker].Endpoints, "/127.0.0.1", "PLAINTEXT", CancellationToken.None);

    private FetchRequest Of(int replica, long offset, int leaderEpoch = -1, int lastEpoch = -1)
    {
        var request = ById(Batches.Fetch("t", offset), leaderEpoch);
        request.Topics[0].Partitions[0].LastFetchedEpoch = lastEpoch;
        request.ReplicaState = State(replica);
        request.SessionEpoch = FetchRequest.FinalEpoch;
        return request;
    }

    private FetchRequest ById(FetchRequest request, int leaderEpoch)
    {
        request.Topics[0].TopicId = _id;
        request.Topics[0].Partitions[0].CurrentLeaderEpoch = leaderEpoch;
        return request;
    }

    private Task<PartitionData> ConsumeAsync(string rack, long offset)
    {
        var request = Batches.Fetch("t", offset);
        request.RackId = rack;
        return FetchAsync(_leader, request, 11);
    }

    private async Task<OpenedSession> OpenAsync(int replica, long offset)
    {
        var request = Of(replica, offset);
        request.SessionEpoch = FetchRequest.InitialEpoch;
        return new OpenedSession { Id = (await SendAsync<FetchRequest, FetchResponse>(_leader, request, 17)).SessionId };
    }

    private sealed class OpenedSession
    {
        public int Id { get; init; }

        public int Epoch { get; set; }
    }
}
