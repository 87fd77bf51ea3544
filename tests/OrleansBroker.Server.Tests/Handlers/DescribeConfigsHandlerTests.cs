using OrleansBroker.Core.Configuration;
using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Messages;
using OrleansBroker.Server.Handlers;
using static OrleansBroker.Protocol.Messages.DescribeConfigsResponse;

namespace OrleansBroker.Server.Tests.Handlers;

public sealed class DescribeConfigsHandlerTests
{
    private readonly AdminHarness _harness = new("log.retention.hours=2", "log.segment.bytes=2097152", "some.password=secret");

    [Fact]
    public async Task A_topic_is_told_with_values_sources_types_and_synonyms()
    {
        await _harness.CreateAsync("orders", 1, [("retention.ms", "7")]);

        var result = await Describe(ConfigResourceType.Topic, "orders", synonyms: true);

        Assert.Equal(TopicConfigTable.Table.All.Count(definition => !definition.IsInternal), result.Configs.Length);
        var retention = Find(result, "retention.ms");
        Assert.Equal(("7", (sbyte)ConfigSource.Topic, (sbyte)ConfigType.Long, false), (retention.Value, retention.ConfigSource, retention.ConfigType, retention.ReadOnly));
        Assert.Equal(
            [("retention.ms", "7", ConfigSource.Topic), ("log.retention.hours", "2", ConfigSource.StaticBroker), ("log.retention.hours", "168", ConfigSource.Default)],
            Synonyms(retention));
        var segment = Find(result, "segment.bytes");
        Assert.Equal(("2097152", (sbyte)ConfigSource.StaticBroker), (segment.Value, segment.ConfigSource));
        Assert.Equal(("delete", (sbyte)ConfigSource.Default, (sbyte)ConfigType.List), (Find(result, "cleanup.policy").Value, Find(result, "cleanup.policy").ConfigSource, Find(result, "cleanup.policy").ConfigType));
        Assert.Equal("0.5", Find(result, "min.cleanable.dirty.ratio").Value);
    }

    [Fact]
    public async Task Synonyms_and_documentation_come_only_when_asked_for()
    {
        await _harness.CreateAsync("orders");

        Assert.All((await Describe(ConfigResourceType.Topic, "orders")).Configs, config => Assert.True(config.Synonyms.Length == 0 && config.Documentation is null));
        Assert.All((await Describe(ConfigResourceType.Topic, "orders", documentation: true)).Configs, config => Assert.False(string.IsNullOrEmpty(config.Documentation)));
    }

    [Fact]
    public async Task Keys_choose_and_no_keys_are_all()
    {
        await _harness.CreateAsync("orders");

        Assert.Equal(["retention.ms"], (await Describe(ConfigResourceType.Topic, "orders", keys: ["retention.ms", "no.such.config"])).Configs.Select(config => config.Name));
        Assert.NotEmpty((await Describe(ConfigResourceType.Topic, "orders", keys: [])).Configs);
        Assert.NotEmpty((await Describe(ConfigResourceType.Topic, "orders", keys: null)).Configs);
    }

    [Fact]
    public async Task A_broker_is_told_with_what_it_does_not_know_but_not_its_value()
    {
        var result = await Describe(ConfigResourceType.Broker, "0", synonyms: true);

        Assert.True(Find(result, "num.partitions").ReadOnly);
        Assert.False(Find(result, "log.retention.ms").ReadOnly);
        Assert.Equal((null, (sbyte)ConfigSource.Default), (Find(result, "log.retention.ms").Value, Find(result, "log.retention.ms").ConfigSource));
        Assert.Equal([("log.retention.hours", "2", ConfigSource.StaticBroker), ("log.retention.hours", "168", ConfigSource.Default)], Synonyms(Find(result, "log.retention.hours")));
        Assert.Equal((null, true), (Find(result, "some.password").Value, Find(result, "some.password").IsSensitive));
    }

    [Fact]
    public async Task The_empty_name_is_what_was_altered_for_all_brokers()
    {
        Assert.Empty((await Describe(ConfigResourceType.Broker, "")).Configs);
        await _harness.Broker.Topics.IncrementalAlterConfigsAsync(
            new() { Resources = [new() { ResourceType = (sbyte)ConfigResourceType.Broker, Configs = [new() { Name = "log.retention.ms", Value = "5" }] }] },
            default);

        var config = Assert.Single((await Describe(ConfigResourceType.Broker, "")).Configs);
        Assert.Equal(("log.retention.ms", "5", (sbyte)ConfigSource.DynamicDefaultBroker), (config.Name, config.Value, config.ConfigSource));
        Assert.Equal("5", Find(await Describe(ConfigResourceType.Broker, "0"), "log.retention.ms").Value);
    }

    [Theory]
    [InlineData(ConfigResourceType.Topic, "orders", ErrorCode.UnknownTopicOrPartition)]
    [InlineData(ConfigResourceType.Topic, "a/b", ErrorCode.InvalidTopicException)]
    [InlineData(ConfigResourceType.Broker, "1", ErrorCode.InvalidRequest)]
    [InlineData(ConfigResourceType.Broker, "zero", ErrorCode.InvalidRequest)]
    [InlineData(ConfigResourceType.BrokerLogger, "0", ErrorCode.InvalidRequest)]
    [InlineData(ConfigResourceType.Group, "group", ErrorCode.InvalidRequest)]
    [InlineData((ConfigResourceType)99, "x", ErrorCode.InvalidRequest)]
    public async Task What_has_no_configuration_is_an_error(ConfigResourceType type, string name, ErrorCode code)
    {
        var result = await Describe(type, name);

        Assert.Equal((code, (sbyte)type, name), (result.ErrorCode, result.ResourceType, result.ResourceName));
        Assert.Empty(result.Configs);
        Assert.NotNull(result.ErrorMessage);
    }

    private async Task<DescribeConfigsResult> Describe(ConfigResourceType type, string name, bool synonyms = false, bool documentation = false, string[]? keys = null)
    {
        var request = new DescribeConfigsRequest
        {
            Resources = [new() { ResourceType = (sbyte)type, ResourceName = name, ConfigurationKeys = keys }],
            IncludeSynonyms = synonyms,
            IncludeDocumentation = documentation,
        };
        return Assert.Single((await _harness.SendAsync(new DescribeConfigsHandler(_harness.Broker), request, 4)).Results);
    }

    private static DescribeConfigsResourceResult Find(DescribeConfigsResult result, string name) => Assert.Single(result.Configs, config => config.Name == name);

    private static IEnumerable<(string, string?, ConfigSource)> Synonyms(DescribeConfigsResourceResult config) =>
        config.Synonyms.Select(synonym => (synonym.Name, synonym.Value, (ConfigSource)synonym.Source));
}
