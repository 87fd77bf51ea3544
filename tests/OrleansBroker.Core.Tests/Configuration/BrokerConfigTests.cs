using OrleansBroker.Core.Configuration;
using OrleansBroker.Protocol;

namespace OrleansBroker.Core.Tests.Configuration;

public sealed class BrokerConfigTests
{
    [Fact]
    public void Nothing_set_is_Kafkas_defaults()
    {
        var config = BrokerConfig.Default;

        Assert.Equal((new BrokerId(0), 1, 1, true, true), (config.Broker, config.NumPartitions, config.DefaultReplicationFactor, config.AutoCreateTopicsEnable, config.DeleteTopicEnable));
        Assert.Equal((50, 10_080, 3_000, 104_857_600), (config.OffsetsTopicNumPartitions, config.OffsetsRetentionMinutes, config.GroupInitialRebalanceDelayMs, config.SocketRequestMaxBytes));
        Assert.Empty(config.UnknownNames);
    }

    [Fact]
    public void A_bad_value_names_its_key_and_all_of_them_are_told()
    {
        Assert.False(BrokerConfig.TryCreate([new("num.partitions", "0"), new("message.max.bytes", "big")], out var config, out var problems));
        Assert.Null(config);
        Assert.Equal(["message.max.bytes", "num.partitions"], problems.Select(problem => problem.Name).Order());
    }

    [Fact]
    public void An_unknown_name_is_kept_and_told()
    {
        Assert.True(BrokerConfig.TryCreate([new("zookeeper.connect", "somewhere")], out var config, out _));
        Assert.Equal(["zookeeper.connect"], config.UnknownNames);
        Assert.Equal("somewhere", config.AtStart["zookeeper.connect"]);
    }

    [Fact]
    public void Of_a_name_given_twice_the_last_counts()
    {
        Assert.True(BrokerConfig.TryCreate([new("num.partitions", "2"), new("num.partitions", "3")], out var config, out _));
        Assert.Equal(3, config.NumPartitions);
    }

    [Fact]
    public void There_is_one_data_directory()
    {
        Assert.Equal("/data", TopicConfigsTests.Broker("log.dir=/other log.dirs=/data").LogDirectory);
        Assert.False(BrokerConfig.TryCreate([new("log.dirs", "/a,/b")], out _, out var problems));
        Assert.Equal("log.dirs", Assert.Single(problems).Name);
    }

    [Fact]
    public void Node_id_comes_before_broker_id()
    {
        Assert.Equal(new BrokerId(7), TopicConfigsTests.Broker("broker.id=7").Broker);
        Assert.Equal(new BrokerId(8), TopicConfigsTests.Broker("broker.id=7 node.id=8").Broker);
    }

    [Fact]
    public void What_was_altered_for_this_broker_comes_before_what_was_altered_for_all_and_that_before_the_start()
    {
        var config = TopicConfigsTests.Broker("log.retention.ms=1");
        Assert.Equal(1, config.DefaultLogConfig.RetentionMs);

        Assert.True(config.TryAlter(TopicConfigsTests.Of(), TopicConfigsTests.Of(("log.retention.ms", "2")), out var all, out _));
        Assert.Equal(2, all.DefaultLogConfig.RetentionMs);

        Assert.True(all.TryAlter(TopicConfigsTests.Of(("log.retention.ms", "3")), TopicConfigsTests.Of(("log.retention.ms", "2")), out var one, out _));
        Assert.Equal(3, one.DefaultLogConfig.RetentionMs);
        Assert.Equal(
            [(ConfigSource.DynamicBroker, (object)3L), (ConfigSource.DynamicDefaultBroker, 2L), (ConfigSource.StaticBroker, 1L)],
            one.Layers("log.retention.ms"));
    }

    [Fact]
    public void An_alteration_that_cannot_be_leaves_a_problem()
    {
        Assert.False(BrokerConfig.Default.TryAlter(TopicConfigsTests.Of(("log.retention.ms", "-5")), TopicConfigsTests.Of(), out _, out var problems));
        Assert.Equal("log.retention.ms", Assert.Single(problems).Name);
    }

    [Fact]
    public void That_a_broker_is_to_leave_is_said_of_one_and_while_it_runs()
    {
        var (leaves, nothing) = (TopicConfigsTests.Of(("broker.decommission", "true")), TopicConfigsTests.Of());

        Assert.True(BrokerConfig.Default.TryAlter(leaves, nothing, out var config, out _) && config.BrokerDecommission);
        Assert.False(BrokerConfig.Default.TryAlter(nothing, leaves, out _, out var problems));
        Assert.Equal("broker.decommission", Assert.Single(problems).Name);
        Assert.False(BrokerConfig.TryCreate(leaves, out _, out _));
    }

    [Fact]
    public void Only_what_the_logs_and_replication_take_anew_is_dynamic()
    {
        string[] moves = ["auto.rebalance.concurrent.moves", "auto.rebalance.delay.ms", "auto.rebalance.mode", "auto.rebalance.throttled.rate", "broker.decommission"];
        var behindTopics = TopicConfigTable.Table.All.Where(topic => topic.Synonyms.Count > 0).Select(topic => topic.Synonyms[0].BrokerConfig);

        Assert.Equal(
            behindTopics.Concat(["producer.id.expiration.ms", "leader.replication.throttled.rate", "follower.replication.throttled.rate", .. moves]).Order(StringComparer.Ordinal),
            BrokerConfigTable.Table.All.Where(definition => definition.IsDynamic).Select(definition => definition.Name));
    }
}
