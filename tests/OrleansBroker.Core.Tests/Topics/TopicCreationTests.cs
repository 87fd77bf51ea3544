using OrleansBroker.Core.Configuration;
using OrleansBroker.Core.Topics;
using OrleansBroker.Protocol;
using static OrleansBroker.Core.Tests.Topics.CatalogHarness;
using static OrleansBroker.Protocol.Messages.CreateTopicsRequest;

namespace OrleansBroker.Core.Tests.Topics;

public sealed class TopicCreationTests
{
    [Fact]
    public void A_topic_is_created_as_asked_and_answered_with_all_that_it_got()
    {
        var catalog = new CatalogHarness();
        var topic = Topic("orders", partitions: 3, replicationFactor: 1);
        topic.Configs = [new() { Name = "retention.ms", Value = "5" }];

        var result = Assert.Single(catalog.Create(topic));

        Assert.Equal((ErrorCode.None, 3, (short)1), (result.ErrorCode, result.NumPartitions, result.ReplicationFactor));
        Assert.Equal(catalog.Catalog.Find("orders")!.Id, result.TopicId);
        Assert.Equal(TopicConfigTable.Table.All.Count(definition => !definition.IsInternal), result.Configs!.Length);
        var retention = Assert.Single(result.Configs, config => config.Name == "retention.ms");
        Assert.Equal(("5", (sbyte)ConfigSource.Topic, false), (retention.Value, retention.ConfigSource, retention.IsSensitive));
        Assert.Equal((sbyte)ConfigSource.Default, Assert.Single(result.Configs, config => config.Name == "segment.bytes").ConfigSource);
    }

    [Fact]
    public void Minus_one_takes_the_brokers_defaults()
    {
        Assert.True(BrokerConfig.TryCreate([new("num.partitions", "4"), new("default.replication.factor", "2")], out var config, out _));

        var result = new CatalogHarness(brokers: 3, config).Create("orders");

        Assert.Equal((4, (short)2), (result.NumPartitions, result.ReplicationFactor));
    }

    [Fact]
    public void Topics_of_any_name_are_placed_on_several_brokers()
    {
        var catalog = new CatalogHarness(brokers: 3);

        foreach (var name in Enumerable.Range(0, 50).Select(number => $"a-topic-with-a-longer-name-{number}"))
        {
            Assert.Equal(ErrorCode.None, catalog.Create(name, partitions: 4, replicationFactor: 2).ErrorCode);
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("..")]
    [InlineData("a/b")]
    [InlineData("ä")]
    [InlineData("a b")]
    public void A_bad_name_is_refused(string name)
    {
        Assert.Equal(ErrorCode.InvalidTopicException, new CatalogHarness().Refused(Topic(name)));
    }

    [Fact]
    public void A_name_has_249_characters_at_most()
    {
        Assert.Equal(ErrorCode.None, new CatalogHarness().Create(new string('a', 249)).ErrorCode);
        Assert.Equal(ErrorCode.InvalidTopicException, new CatalogHarness().Refused(Topic(new string('a', 250))));
    }

    [Fact]
    public void Names_that_differ_only_in_dots_and_underscores_collide_also_within_one_request()
    {
        var catalog = new CatalogHarness();

        Assert.Equal([ErrorCode.None, ErrorCode.InvalidTopicException], catalog.Create(Topic("a.b"), Topic("a_b")).Select(result => result.ErrorCode));
        Assert.Equal(ErrorCode.InvalidTopicException, catalog.Refused(Topic("a_b")));
    }

    [Fact]
    public void A_name_collides_no_more_once_the_other_is_deleted()
    {
        var catalog = new CatalogHarness();
        catalog.Create("a.b");
        catalog.Run(catalog.Catalog.DeleteTopics(new() { TopicNames = ["a.b"] }));

        Assert.Equal(ErrorCode.None, catalog.Create("a_b").ErrorCode);
    }

    [Fact]
    public void A_topic_that_exists_is_refused()
    {
        var catalog = new CatalogHarness();
        catalog.Create("orders");

        Assert.Equal(ErrorCode.TopicAlreadyExists, catalog.Refused(Topic("orders")));
    }

    [Fact]
    public void A_topic_that_stands_twice_is_answered_once_and_the_others_are_created()
    {
        var catalog = new CatalogHarness();

        var results = catalog.Create(Topic("twice"), Topic("orders"), Topic("twice"));

        Assert.Equal([("twice", ErrorCode.InvalidRequest), ("orders", ErrorCode.None)], results.Select(result => (result.Name, result.ErrorCode)));
        Assert.Null(catalog.Catalog.Find("twice"));
    }

    [Theory]
    [InlineData(0, 1, ErrorCode.InvalidPartitions)]
    [InlineData(-2, 1, ErrorCode.InvalidPartitions)]
    [InlineData(1, 0, ErrorCode.InvalidReplicationFactor)]
    [InlineData(1, -2, ErrorCode.InvalidReplicationFactor)]
    [InlineData(1, 2, ErrorCode.InvalidReplicationFactor)]
    [InlineData(10_001, 1, ErrorCode.PolicyViolation)]
    [InlineData(int.MaxValue, 1, ErrorCode.PolicyViolation)]
    public void Counts_that_cannot_be_are_refused(int partitions, short replicationFactor, ErrorCode code)
    {
        Assert.Equal(code, new CatalogHarness().Refused(Topic("orders", partitions, replicationFactor)));
    }

    [Fact]
    public void The_partitions_of_one_request_are_limited_together()
    {
        var results = new CatalogHarness().Create(Topic("a", 6_000), Topic("b", 6_000), Topic("c", 4_000));

        Assert.Equal([ErrorCode.None, ErrorCode.PolicyViolation, ErrorCode.None], results.Select(result => result.ErrorCode));
    }

    [Theory]
    [InlineData("retention.ms", "soon")]
    [InlineData("retention.ms", null)]
    [InlineData("no.such.config", "1")]
    public void A_bad_configuration_is_refused_and_named(string name, string? value)
    {
        var topic = Topic("orders");
        topic.Configs = [new() { Name = name, Value = value }];

        var result = Assert.Single(new CatalogHarness().Create(topic));

        Assert.Equal(ErrorCode.InvalidConfig, result.ErrorCode);
        Assert.Contains(name, result.ErrorMessage, StringComparison.Ordinal);
    }

    [Fact]
    public void Validate_only_answers_as_if_and_changes_nothing()
    {
        var catalog = new CatalogHarness();

        var result = catalog.Catalog.CreateTopics(new() { Topics = [Topic("orders", 2), Topic("a/b")], ValidateOnly = true }, catalog.View);

        Assert.Empty(result.Records);
        Assert.Equal([ErrorCode.None, ErrorCode.InvalidTopicException], result.Response.Topics.Select(topic => topic.ErrorCode));
        Assert.Equal(2, result.Response.Topics[0].NumPartitions);
    }

    [Fact]
    public void An_assignment_is_taken_as_it_is_in_any_order()
    {
        var catalog = new CatalogHarness(brokers: 3);
        var topic = Topic("orders");
        topic.Assignments = [new() { PartitionIndex = 1, BrokerIds = [2, 0] }, new() { PartitionIndex = 0, BrokerIds = [1, 2] }];

        var result = Assert.Single(catalog.Create(topic));

        Assert.Equal((ErrorCode.None, 2, (short)2), (result.ErrorCode, result.NumPartitions, result.ReplicationFactor));
        Assert.Equal([[1, 2], [2, 0]], catalog.Catalog.Find("orders")!.Replicas.Select(replicas => replicas.Select(id => id.Value)));
    }

    [Theory]
    [InlineData("0:0 0:1", ErrorCode.InvalidReplicaAssignment)]
    [InlineData("1:0", ErrorCode.InvalidReplicaAssignment)]
    [InlineData("0:9", ErrorCode.InvalidReplicaAssignment)]
    [InlineData("0:-1", ErrorCode.InvalidReplicaAssignment)]
    [InlineData("0:0,0", ErrorCode.InvalidReplicaAssignment)]
    [InlineData("0:", ErrorCode.InvalidReplicaAssignment)]
    [InlineData("0:0,1 1:0", ErrorCode.InvalidReplicaAssignment)]
    public void An_assignment_that_cannot_be_is_refused(string assignments, ErrorCode code)
    {
        Assert.Equal(code, new CatalogHarness(brokers: 3).Refused(Assigned(-1, -1, assignments)));
    }

    [Fact]
    public void An_assignment_leaves_no_room_for_counts()
    {
        Assert.Equal(ErrorCode.InvalidRequest, new CatalogHarness().Refused(Assigned(1, -1, "0:0")));
        Assert.Equal(ErrorCode.InvalidRequest, new CatalogHarness().Refused(Assigned(-1, 1, "0:0")));
    }

    [Theory]
    [InlineData(3, 2, 12)]
    [InlineData(4, 3, 24)]
    [InlineData(5, 5, 10)]
    public void Partitions_are_spread_evenly_over_distinct_brokers(int brokers, short replicationFactor, int partitions)
    {
        var catalog = new CatalogHarness(brokers);
        catalog.Create("orders", partitions, replicationFactor);

        var replicas = catalog.Catalog.Find("orders")!.Replicas;

        Assert.All(replicas, ids => Assert.Equal(replicationFactor, ids.Distinct().Count()));
        var leading = replicas.CountBy(ids => ids[0]).Select(pair => pair.Value).ToArray();
        Assert.True(leading.Max() - leading.Min() <= 1, string.Join(',', leading));
    }

    [Fact]
    public void The_offsets_topic_comes_into_being_compacted_and_with_no_more_replicas_than_brokers()
    {
        var catalog = new CatalogHarness();

        var codes = catalog.Run(catalog.Catalog.CreateOnFirstUse([InternalTopics.ConsumerOffsets], catalog.View));

        var topic = catalog.Catalog.Find(InternalTopics.ConsumerOffsets)!;
        Assert.Equal([ErrorCode.None], codes);
        Assert.True(topic.IsInternal);
        Assert.Equal((50, 1, "compact", "104857600"), (topic.Replicas.Length, topic.Replicas[0].Length, topic.Configs["cleanup.policy"], topic.Configs["segment.bytes"]));
    }

    [Fact]
    public void First_use_answers_each_name_whether_or_not_it_existed()
    {
        var catalog = new CatalogHarness();
        catalog.Create("old");

        var codes = catalog.Run(catalog.Catalog.CreateOnFirstUse(["old", "new", "a/b", "new"], catalog.View));

        Assert.Equal([ErrorCode.None, ErrorCode.None, ErrorCode.InvalidTopicException, ErrorCode.None], codes);
        Assert.Equal(2, catalog.Catalog.Topics.Count);
    }

    private static CreatableTopic Assigned(int partitions, short replicationFactor, string assignments)
    {
        var topic = Topic("orders", partitions, replicationFactor);
        topic.Assignments =
        [
            .. assignments.Split(' ').Select(assignment => assignment.Split(':')).Select(parts => new CreatableReplicaAssignment
            {
                PartitionIndex = int.Parse(parts[0], null),
                BrokerIds = [.. parts[1].Split(',', StringSplitOptions.RemoveEmptyEntries).Select(id => int.Parse(id, null))],
            }),
        ];
        return topic;
    }
}
