using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Messages;
using OrleansBroker.Server.Fetching;

namespace OrleansBroker.Server.Tests;

public sealed class FetchSessionTests : IAsyncLifetime
{
    private readonly TestBroker _broker = new(options => options with { FetchSessionsMax = 2 });
    private readonly FetchSessionCache _cache = new(slots: 2, new Random(1));

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => _broker.DisposeAsync().AsTask();

    [Fact]
    public void Only_partitions_with_news_are_answered()
    {
        _broker.CreateTopic("t", partitions: 3);
        using var client = _broker.Connect();
        var opened = Fetch(client, Open("t", 0, 1, 2));
        Assert.NotEqual(0, opened.SessionId);
        Assert.Equal(3, opened.Responses[0].Partitions.Length);

        Assert.Empty(Fetch(client, Continue(opened.SessionId, 1)).Responses);
        Produce(client, 1);
        var second = Fetch(client, Continue(opened.SessionId, 2));
        Assert.Equal(1, Assert.Single(Assert.Single(second.Responses).Partitions).PartitionIndex);

        // The consumer moves on in partition 1 alone; nothing is new.
        var moved = Batches.Fetch("t", 1, partitions: 1);
        (moved.SessionId, moved.SessionEpoch) = (opened.SessionId, 3);
        Assert.Empty(Fetch(client, moved).Responses);
    }

    [Fact]
    public void A_session_is_continued_on_another_connection_and_by_topic_id()
    {
        var id = _broker.CreateTopic("t");
        using var first = _broker.Connect();
        var open = Open("t", 0);
        open.Topics[0].TopicId = id;
        var session = first.Call<FetchRequest, FetchResponse>(open, 13).SessionId;
        Produce(first, 0);
        using var second = _broker.Connect();
        var response = second.Call<FetchRequest, FetchResponse>(Continue(session, 1), 17);
        Assert.Equal(id, response.Responses[0].TopicId);
        Assert.Equal(ErrorCode.FetchSessionTopicIdError, Fetch(second, Continue(session, 2)).ErrorCode);
    }

    [Fact]
    public void Forgotten_partitions_are_gone_and_an_empty_session_ends()
    {
        _broker.CreateTopic("t", partitions: 2);
        using var client = _broker.Connect();
        var session = Fetch(client, Open("t", 0, 1)).SessionId;
        Produce(client, 0);
        Produce(client, 1);
        var forget = Continue(session, 1);
        forget.ForgottenTopicsData = [new FetchRequest.ForgottenTopic { Topic = "t", Partitions = [0] }];
        Assert.Equal(1, Assert.Single(Fetch(client, forget).Responses[0].Partitions).PartitionIndex);

        forget = Continue(session, 2);
        forget.ForgottenTopicsData = [new FetchRequest.ForgottenTopic { Topic = "t", Partitions = [1] }];
        Assert.Equal(0, Fetch(client, forget).SessionId);
        Assert.Equal(ErrorCode.FetchSessionIdNotFound, Fetch(client, Continue(session, 3)).ErrorCode);
    }

    [Fact]
    public void A_wrong_epoch_or_id_is_refused()
    {
        _broker.CreateTopic("t");
        using var client = _broker.Connect();
        var session = Fetch(client, Open("t", 0)).SessionId;
        Assert.Equal(ErrorCode.InvalidFetchSessionEpoch, Fetch(client, Continue(session, 2)).ErrorCode);
        Assert.Equal(ErrorCode.FetchSessionIdNotFound, Fetch(client, Continue(session ^ 1, 1)).ErrorCode);
        Assert.Equal(ErrorCode.None, Fetch(client, Continue(session, 1)).ErrorCode);
    }

    [Fact]
    public void The_final_epoch_closes_the_session_and_fetches_without()
    {
        _broker.CreateTopic("t");
        using var client = _broker.Connect();
        var session = Fetch(client, Open("t", 0)).SessionId;
        var close = Batches.Fetch("t", 0);
        (close.SessionId, close.SessionEpoch) = (session, FetchRequest.FinalEpoch);
        var response = Fetch(client, close);
        Assert.Equal((0, 1), (response.SessionId, response.Responses[0].Partitions.Length));
        Assert.Equal(ErrorCode.FetchSessionIdNotFound, Fetch(client, Continue(session, 1)).ErrorCode);
    }

    [Fact]
    public void Without_a_slot_the_client_fetches_without_a_session()
    {
        _broker.CreateTopic("t");
        using var client = _broker.Connect();
        Assert.NotEqual(0, Fetch(client, Open("t", 0)).SessionId);
        Assert.NotEqual(0, Fetch(client, Open("t", 0)).SessionId);
        var third = Fetch(client, Open("t", 0));
        Assert.Equal((0, ErrorCode.None, 1), (third.SessionId, third.ErrorCode, third.Responses[0].Partitions.Length));
    }

    [Fact]
    public void A_partition_with_an_error_is_answered_again_when_the_error_is_gone()
    {
        using var client = _broker.Connect();
        var opened = Fetch(client, Open("t", 0));
        Assert.Equal(ErrorCode.UnknownTopicOrPartition, opened.Responses[0].Partitions[0].ErrorCode);
        _broker.CreateTopic("t");
        Assert.Equal(ErrorCode.None, Fetch(client, Continue(opened.SessionId, 1)).Responses[0].Partitions[0].ErrorCode);
        Assert.Empty(Fetch(client, Continue(opened.SessionId, 2)).Responses);
    }

    [Fact]
    public void Every_partition_of_a_session_gets_its_turn()
    {
        _broker.CreateTopic("t", partitions: 4);
        using var client = _broker.Connect();
        var open = Open("t", 0, 1, 2, 3);
        var session = Fetch(client, open).SessionId;
        for (var partition = 0; partition < 4; partition++)
        {
            Produce(client, partition);
        }

        var served = new HashSet<int>();
        for (var epoch = 1; epoch <= 4; epoch++)
        {
            var next = Continue(session, epoch);
            next.MaxBytes = 1;
            served.UnionWith(Fetch(client, next).Responses[0].Partitions.Where(partition => partition.Records.Length > 0).Select(partition => partition.PartitionIndex));
        }

        Assert.Equal(4, served.Count);
    }

    [Fact]
    public void An_unused_session_makes_room_after_two_minutes()
    {
        var unused = _cache.TryCreate(10, usesTopicIds: false, nowMs: 0)!;
        var used = _cache.TryCreate(10, usesTopicIds: false, nowMs: 0)!;
        used.Exit();
        Assert.Equal(ErrorCode.None, _cache.TryContinue(used.Id, 1, usesTopicIds: false, 100_000, out _));
        Assert.Null(_cache.TryCreate(1, usesTopicIds: false, nowMs: FetchSessionCache.EvictionMs));
        Assert.NotNull(_cache.TryCreate(1, usesTopicIds: false, nowMs: FetchSessionCache.EvictionMs + 1));
        Assert.Equal(ErrorCode.FetchSessionIdNotFound, _cache.TryContinue(unused.Id, 1, usesTopicIds: false, 200_000, out _));
        Assert.Equal(2, _cache.Count);
    }

    [Fact]
    public void A_smaller_session_makes_room_for_a_larger_one_after_two_minutes()
    {
        var sessions = Enumerable.Range(0, 2).Select(_ => _cache.TryCreate(0, usesTopicIds: false, nowMs: 0)!).ToList();
        sessions.ForEach(session => session.Exit());
        var nowMs = FetchSessionCache.EvictionMs;
        sessions.ForEach(session => _cache.TryContinue(session.Id, 1, usesTopicIds: false, nowMs, out _));
        Assert.Null(_cache.TryCreate(5, usesTopicIds: false, nowMs));
        Assert.Null(_cache.TryCreate(0, usesTopicIds: false, nowMs + 1));
        Assert.NotNull(_cache.TryCreate(5, usesTopicIds: false, nowMs + 1));
    }

    [Fact]
    public void A_session_serves_one_request_at_a_time()
    {
        var session = _cache.TryCreate(1, usesTopicIds: false, nowMs: 0)!;
        Assert.Equal(ErrorCode.InvalidFetchSessionEpoch, _cache.TryContinue(session.Id, 1, usesTopicIds: false, 0, out _));
        session.Exit();
        Assert.Equal(ErrorCode.None, _cache.TryContinue(session.Id, 1, usesTopicIds: false, 0, out _));
    }

    [Fact]
    public void A_session_that_outgrows_the_limit_ends()
    {
        _broker.CreateTopic("t");
        using var client = _broker.Connect();
        var session = Fetch(client, Open("t", 0)).SessionId;
        var more = Open("t", [.. Enumerable.Range(1, FetchSession.PartitionsMax)]);
        (more.SessionId, more.SessionEpoch) = (session, 1);
        Assert.Equal(ErrorCode.FetchSessionIdNotFound, Fetch(client, more).ErrorCode);
        Assert.Equal(0, Fetch(client, Open("t", [.. Enumerable.Range(0, FetchSession.PartitionsMax + 1)])).SessionId);
    }

    private static FetchRequest Open(string topic, params int[] partitions)
    {
        var request = Batches.Fetch(topic, 0, partitions: partitions);
        request.SessionEpoch = FetchRequest.InitialEpoch;
        return request;
    }

    private static FetchRequest Continue(int session, int epoch) => new() { SessionId = session, SessionEpoch = epoch, MinBytes = 1 };

    private static void Produce(TestClient client, int partition) =>
        client.Call<ProduceRequest, ProduceResponse>(Batches.Produce("t", partition, Batches.Of("a")), 7);

    private static FetchResponse Fetch(TestClient client, FetchRequest request) =>
        client.Call<FetchRequest, FetchResponse>(request, 12);
}
