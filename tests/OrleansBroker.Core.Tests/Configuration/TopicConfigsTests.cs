using OrleansBroker.Core.Configuration;
using OrleansBroker.Protocol;

namespace OrleansBroker.Core.Tests.Configuration;

public sealed class TopicConfigsTests
{
    [Fact]
    public void A_topic_without_overrides_gets_Kafkas_defaults()
    {
        var log = BrokerConfig.Default.DefaultLogConfig;

        Assert.Equal(new OrleansBroker.Storage.LogConfig(), log);
        Assert.Same(log, TopicConfigs.ToLogConfig(Of(), BrokerConfig.Default));
    }

    [Fact]
    public void Every_default_passes_its_own_rule_and_reads_back_as_printed()
    {
        foreach (var definition in TopicConfigTable.Table.All.Concat(BrokerConfigTable.Table.All).Where(definition => definition.Default is not null))
        {
            var printed = ConfigDefinition.Print(definition.Default)!;

            Assert.True(definition.TryParse(printed, out var value, out var problem), $"{problem}");
            Assert.Equal(printed, ConfigDefinition.Print(value));
        }
    }

    [Fact]
    public void Every_synonym_is_a_broker_configuration_that_says_the_same_by_default()
    {
        foreach (var definition in TopicConfigTable.Table.All)
        {
            Assert.All(definition.Synonyms, synonym => Assert.NotNull(BrokerConfigTable.Table.Find(synonym.BrokerConfig)));
            Assert.Equal(ConfigDefinition.Print(definition.Default), ConfigDefinition.Print(TopicConfigs.ValueOf(definition, Of(), BrokerConfig.Default)));
        }
    }

    [Fact]
    public void Overrides_reach_the_log()
    {
        var log = TopicConfigs.ToLogConfig(
            Of(("cleanup.policy", "compact,delete"), ("compression.type", "zstd"), ("compression.zstd.level", "7"), ("message.timestamp.type", "LogAppendTime"), ("retention.ms", "-1"), ("segment.bytes", "1048576")),
            BrokerConfig.Default);

        Assert.True(log.Compact && log.Delete && log.LogAppendTime);
        Assert.Equal((CompressionCodec.Zstd, 7, -1, 1 << 20), (log.Compression, log.CompressionLevel, log.RetentionMs, log.SegmentBytes));
    }

    [Fact]
    public void Uncompressed_is_a_codec_and_producer_is_none()
    {
        Assert.Equal(CompressionCodec.None, TopicConfigs.ToLogConfig(Of(("compression.type", "uncompressed")), BrokerConfig.Default).Compression);
        Assert.Null(TopicConfigs.ToLogConfig(Of(("compression.type", "producer"), ("segment.ms", "5")), BrokerConfig.Default).Compression);
    }

    [Fact]
    public void An_empty_cleanup_policy_keeps_everything()
    {
        var log = TopicConfigs.ToLogConfig(Of(("cleanup.policy", "")), BrokerConfig.Default);

        Assert.False(log.Compact || log.Delete);
    }

    [Theory]
    [InlineData("log.retention.hours=1", 3_600_000)]
    [InlineData("log.retention.hours=1 log.retention.minutes=2", 120_000)]
    [InlineData("log.retention.hours=1 log.retention.minutes=2 log.retention.ms=3", 3)]
    [InlineData("log.retention.hours=-1", -1)]
    public void Retention_comes_from_the_finest_unit_that_is_set(string settings, long retentionMs)
    {
        Assert.Equal(retentionMs, Broker(settings).DefaultLogConfig.RetentionMs);
    }

    [Fact]
    public void Internal_segment_bytes_goes_below_the_bound_of_segment_bytes()
    {
        Assert.False(TopicConfigs.TryValidate(Of(("segment.bytes", "1000")), BrokerConfig.Default, out _));
        Assert.Equal(1000, TopicConfigs.ToLogConfig(Of(("internal.segment.bytes", "1000")), BrokerConfig.Default).SegmentBytes);
    }

    [Theory]
    [InlineData("retention.ms", "soon")]
    [InlineData("retention.ms", "-2")]
    [InlineData("segment.bytes", "14")]
    [InlineData("segment.bytes", "99999999999")]
    [InlineData("cleanup.policy", "shred")]
    [InlineData("cleanup.policy", "delete,delete")]
    [InlineData("compression.type", "brotli")]
    [InlineData("compression.gzip.level", "0")]
    [InlineData("preallocate", "yes")]
    [InlineData("min.cleanable.dirty.ratio", "1.1")]
    [InlineData("min.cleanable.dirty.ratio", "NaN")]
    [InlineData("min.insync.replicas", "0")]
    [InlineData("remote.storage.enable", "true")]
    [InlineData("leader.replication.throttled.replicas", "0:x")]
    [InlineData("no.such.config", "1")]
    public void A_bad_value_is_a_problem_that_names_its_key(string name, string value)
    {
        Assert.False(TopicConfigs.TryValidate(Of((name, value)), BrokerConfig.Default, out var problem));
        Assert.Equal(name, problem.Name);
        Assert.StartsWith(name + ": ", problem.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain('\n', problem.ToString());
    }

    [Theory]
    [InlineData("preallocate", "TRUE")]
    [InlineData("retention.ms", " 5 ")]
    [InlineData("cleanup.policy", "compact , delete")]
    [InlineData("leader.replication.throttled.replicas", "*")]
    [InlineData("leader.replication.throttled.replicas", "0:1,1:2")]
    public void Values_are_read_as_Kafka_reads_them(string name, string value)
    {
        Assert.True(TopicConfigs.TryValidate(Of((name, value)), BrokerConfig.Default, out _));
    }

    [Fact]
    public void The_compaction_lags_must_not_contradict_each_other_even_where_one_is_the_brokers()
    {
        Assert.False(TopicConfigs.TryValidate(Of(("min.compaction.lag.ms", "10")), Broker("log.cleaner.max.compaction.lag.ms=5"), out var problem));
        Assert.Equal("min.compaction.lag.ms", problem.Name);
    }

    [Fact]
    public void Layers_name_what_is_in_force_first()
    {
        var layers = TopicConfigs.Layers(TopicConfigTable.Table.Find("retention.ms")!, Of(("retention.ms", "7")), Broker("log.retention.minutes=2"));

        Assert.Equal(
            [("retention.ms", (object)7L, ConfigSource.Topic), ("log.retention.minutes", 2, ConfigSource.StaticBroker), ("log.retention.hours", 168, ConfigSource.Default)],
            layers);
    }

    internal static Dictionary<string, string> Of(params (string Name, string Value)[] configs) => configs.ToDictionary(config => config.Name, config => config.Value);

    internal static BrokerConfig Broker(string settings)
    {
        var pairs = settings.Split(' ').Select(pair => pair.Split('=')).Select(pair => KeyValuePair.Create(pair[0], pair[1]));
        Assert.True(BrokerConfig.TryCreate(pairs, out var config, out var problems), string.Join(';', problems));
        return config;
    }
}
