using OrleansBroker.Core.Metadata;
using OrleansBroker.Core.Replication;
using OrleansBroker.Protocol;

namespace OrleansBroker.Core.Tests.Metadata;

public sealed class MetadataImageTests
{
    private static readonly BrokerId[] OnlyBroker = [new(0)];
    private static readonly MetadataImage Empty = new("cluster", new BrokerId(0), [new BrokerImage(new BrokerId(0), "localhost", 9092)]);

    [Fact]
    public void A_topic_is_found_by_name_and_by_id_in_the_new_image_only()
    {
        var topic = Topic("orders");
        var image = Empty.With([topic]);

        Assert.Same(topic, image.Find("orders"));
        Assert.Same(topic, image.Find(topic.Id));
        Assert.Null(Empty.Find("orders"));
        Assert.Null(image.Without([topic]).Find(topic.Id));
    }

    [Fact]
    public void A_topic_that_was_deleted_and_created_again_leaves_no_trace_of_its_old_id()
    {
        var (old, young) = (Topic("orders"), Topic("orders"));
        var image = Empty.With([old]).With([young]);

        Assert.Null(image.Find(old.Id));
        Assert.Same(young, image.Find("orders"));
        Assert.Equal(1, image.TopicCount);
    }

    [Fact]
    public void Topics_come_in_the_order_of_their_names()
    {
        var image = Empty.With([Topic("b"), Topic("C"), Topic("a")]);

        Assert.Equal(["C", "a", "b"], image.TopicNames);
    }

    [Fact]
    public void A_partition_can_change_alone()
    {
        var topic = Topic("orders", partitions: 2);
        var image = Empty.With([topic]).Merge([State(topic.Id, 1, leaderEpoch: 5, partitionEpoch: 0)]);

        Assert.Equal([0, 5], image.Find("orders")!.Partitions.Select(partition => partition.LeaderEpoch.Value));
        Assert.Equal(0, topic.Partitions[1].LeaderEpoch.Value);
        Assert.Same(image, image.Merge([State(Guid.NewGuid(), 0, leaderEpoch: 9, partitionEpoch: 0)]));
    }

    [Fact]
    public void What_is_known_of_a_partition_never_gives_way_to_something_older()
    {
        var topic = Topic("orders");
        var image = Empty.With([topic]).Merge([State(topic.Id, 0, leaderEpoch: 5, partitionEpoch: 7)]);

        foreach (var (leaderEpoch, partitionEpoch) in new[] { (4, 9), (5, 7), (5, 6) })
        {
            var older = State(topic.Id, 0, leaderEpoch, partitionEpoch) with { Leader = new BrokerId(2) };
            Assert.Equal(1, image.Merge([older]).Find("orders")!.Partitions[0].Leader.Value);
        }

        Assert.Equal(5, image.With([topic with { Configs = new Dictionary<string, string> { ["retention.ms"] = "1" } }]).Find("orders")!.Partitions[0].LeaderEpoch.Value);
        Assert.Equal(2, image.Merge([State(topic.Id, 0, leaderEpoch: 6, partitionEpoch: 0) with { Leader = new BrokerId(2) }]).Find("orders")!.Partitions[0].Leader.Value);
    }

    private static PartitionState State(Guid topicId, int partition, int leaderEpoch, int partitionEpoch) => new()
    {
        TopicId = topicId,
        Partition = partition,
        Replicas = [new BrokerId(1), new BrokerId(2)],
        Leader = new BrokerId(1),
        LeaderEpoch = new LeaderEpoch(leaderEpoch),
        Isr = [new IsrMember(new BrokerId(1), 1)],
        PartitionEpoch = partitionEpoch,
    };

    [Fact]
    public void Changes_of_the_cache_follow_one_another()
    {
        var cache = new MetadataCache(Empty);

        Parallel.For(0, 1000, i => cache.Change(image => image.With([Topic($"topic-{i}")])));

        Assert.Equal(1000, cache.Current.TopicCount);
    }

    internal static TopicImage Topic(string name, int partitions = 1) =>
        new(name, Guid.NewGuid(), [.. Enumerable.Range(0, partitions).Select(_ => new PartitionImage(new BrokerId(0), new LeaderEpoch(0), OnlyBroker, OnlyBroker))]);
}
