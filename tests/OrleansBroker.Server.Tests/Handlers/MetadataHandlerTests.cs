using OrleansBroker.Core.Replication;
using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Messages;
using OrleansBroker.Server.Handlers;

namespace OrleansBroker.Server.Tests.Handlers;

public sealed class MetadataHandlerTests
{
    private readonly AdminHarness _harness = new();

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(13)]
    public async Task All_topics_are_asked_for_by_an_empty_list_first_and_by_null_later(int version)
    {
        await _harness.CreateAsync("b");
        await _harness.CreateAsync("a");

        var all = await Send(version, version == 0 ? [] : null);

        Assert.Equal(["a", "b"], all.Topics.Select(topic => topic.Name));
        if (version > 0)
        {
            Assert.Empty((await Send(version, [])).Topics);
        }
    }

    [Fact]
    public async Task The_cluster_is_told()
    {
        var response = await Send(13, []);

        var broker = Assert.Single(response.Brokers);
        Assert.Equal((0, "broker.example", 9092, "rack-a"), (broker.NodeId, broker.Host, broker.Port, broker.Rack));
        Assert.Equal(("the-cluster", 0), (response.ClusterId, response.ControllerId));
    }

    [Fact]
    public async Task A_topic_is_told_with_its_partitions()
    {
        var id = await _harness.CreateAsync("orders", partitions: 2);

        var topic = Assert.Single((await Send(13, [new() { Name = "orders" }])).Topics);

        Assert.Equal((ErrorCode.None, "orders", id, false), (topic.ErrorCode, topic.Name, topic.TopicId, topic.IsInternal));
        Assert.Equal([0, 1], topic.Partitions.Select(partition => partition.PartitionIndex));
        Assert.All(topic.Partitions, partition =>
        {
            Assert.Equal((ErrorCode.None, 0, 0), (partition.ErrorCode, partition.LeaderId, partition.LeaderEpoch));
            Assert.Equal([0], partition.ReplicaNodes);
            Assert.Equal([0], partition.IsrNodes);
            Assert.Empty(partition.OfflineReplicas);
        });
    }

    [Fact]
    public async Task A_topic_is_found_by_id_since_version_12()
    {
        var id = await _harness.CreateAsync("orders");

        Assert.Equal("orders", Assert.Single((await Send(12, [new() { TopicId = id }])).Topics).Name);
        var unknown = Assert.Single((await Send(12, [new() { TopicId = Guid.NewGuid() }])).Topics);
        Assert.Equal((ErrorCode.UnknownTopicId, null), (unknown.ErrorCode, unknown.Name));
        Assert.Equal(ErrorCode.InvalidRequest, Assert.Single((await Send(11, [new() { Name = null, TopicId = id }])).Topics).ErrorCode);
    }

    [Fact]
    public async Task A_topic_that_is_used_first_is_created_and_told_at_once()
    {
        var topic = Assert.Single((await Send(4, [new() { Name = "orders" }], allowCreation: true)).Topics);

        Assert.Equal(ErrorCode.None, topic.ErrorCode);
        Assert.Equal(0, Assert.Single(topic.Partitions).LeaderId);
        Assert.NotNull(_harness.Broker.Metadata.Current.Find("orders"));
    }

    [Fact]
    public async Task No_topic_is_created_where_client_or_broker_does_not_want_it()
    {
        Assert.Equal(ErrorCode.UnknownTopicOrPartition, Assert.Single((await Send(4, [new() { Name = "orders" }])).Topics).ErrorCode);

        var harness = new AdminHarness("auto.create.topics.enable=false");
        var response = await harness.SendAsync(new MetadataHandler(harness.Broker), new MetadataRequest { Topics = [new() { Name = "orders" }] }, 4);
        Assert.Equal(ErrorCode.UnknownTopicOrPartition, Assert.Single(response.Topics).ErrorCode);
        Assert.Equal(0, harness.Broker.Metadata.Current.TopicCount);
    }

    [Fact]
    public async Task Names_that_cannot_be_are_told_so_beside_those_that_can()
    {
        var topics = (await Send(13, [new() { Name = "a/b" }, new() { Name = "orders" }, new() { Name = "orders" }, new() { Name = "" }], allowCreation: true)).Topics;

        Assert.Equal(
            [("a/b", ErrorCode.InvalidTopicException), ("orders", ErrorCode.None), ("", ErrorCode.InvalidTopicException)],
            topics.Select(topic => (topic.Name!, topic.ErrorCode)));
    }

    [Fact]
    public async Task A_replication_factor_that_cannot_be_is_told_to_who_uses_the_topic_first()
    {
        var harness = new AdminHarness("default.replication.factor=3");

        var response = await harness.SendAsync(new MetadataHandler(harness.Broker), new MetadataRequest { Topics = [new() { Name = "orders" }] }, 13);

        Assert.Equal(ErrorCode.InvalidReplicationFactor, Assert.Single(response.Topics).ErrorCode);
    }

    [Fact]
    public async Task Authorized_operations_are_told_only_to_who_asks()
    {
        await _harness.CreateAsync("orders");
        var request = new MetadataRequest { Topics = null };
        var quiet = await _harness.SendAsync(new MetadataHandler(_harness.Broker), request, 10);
        request = new MetadataRequest { Topics = null, IncludeClusterAuthorizedOperations = true, IncludeTopicAuthorizedOperations = true };
        var asked = await _harness.SendAsync(new MetadataHandler(_harness.Broker), request, 10);

        Assert.Equal((int.MinValue, int.MinValue), (quiet.ClusterAuthorizedOperations, quiet.Topics[0].TopicAuthorizedOperations));
        Assert.Equal((0x1FA0, 0x0DF8), (asked.ClusterAuthorizedOperations, asked.Topics[0].TopicAuthorizedOperations));
    }

    [Fact]
    public async Task A_leader_that_does_not_live_is_not_told_and_its_replica_is_offline()
    {
        var id = await _harness.CreateAsync("orders");
        var gone = new PartitionState
        {
            TopicId = id,
            Partition = 0,
            Replicas = [new BrokerId(7), new BrokerId(0)],
            Leader = new BrokerId(7),
            LeaderEpoch = new LeaderEpoch(3),
            Isr = [new IsrMember(new BrokerId(7), 1), new IsrMember(new BrokerId(0), 1)],
        };
        _harness.Broker.Metadata.Change(image => image.Merge([gone]));

        var partition = Assert.Single(Assert.Single((await Send(13, [new() { Name = "orders" }])).Topics).Partitions);

        Assert.Equal((ErrorCode.LeaderNotAvailable, -1, 3), (partition.ErrorCode, partition.LeaderId, partition.LeaderEpoch));
        Assert.Equal([7], partition.OfflineReplicas);
    }

    private Task<MetadataResponse> Send(int version, MetadataRequest.MetadataRequestTopic[]? topics, bool allowCreation = false) =>
        _harness.SendAsync(new MetadataHandler(_harness.Broker), new MetadataRequest { Topics = topics, AllowAutoTopicCreation = allowCreation }, version);
}
