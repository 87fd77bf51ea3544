using OrleansBroker.Core.Configuration;
using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Messages;
using static OrleansBroker.Core.Configuration.ConfigOperation;
using static OrleansBroker.Core.Configuration.ConfigResourceType;

namespace OrleansBroker.Core.Tests.Topics;

public sealed class ConfigAlterationTests
{
    private readonly CatalogHarness _catalog = new();

    public ConfigAlterationTests() => _catalog.Create("orders");

    [Fact]
    public void Steps_change_what_they_name_and_nothing_else()
    {
        Assert.Equal(ErrorCode.None, _catalog.Alter(ConfigResourceType.Topic, "orders", ("retention.ms", Set, "5"), ("segment.ms", Set, "6")).Code);
        Assert.Equal(ErrorCode.None, _catalog.Alter(ConfigResourceType.Topic, "orders", ("retention.ms", ConfigOperation.Delete, null)).Code);

        Assert.Equal([KeyValuePair.Create("segment.ms", "6")], Configs);
    }

    [Fact]
    public void Lists_grow_and_shrink_starting_from_the_default()
    {
        _catalog.Alter(ConfigResourceType.Topic, "orders", ("cleanup.policy", Append, "compact"));
        Assert.Equal("delete,compact", Configs["cleanup.policy"]);

        _catalog.Alter(ConfigResourceType.Topic, "orders", ("cleanup.policy", Append, "compact"));
        _catalog.Alter(ConfigResourceType.Topic, "orders", ("cleanup.policy", Subtract, "delete"));
        Assert.Equal("compact", Configs["cleanup.policy"]);
    }

    [Theory]
    [InlineData("retention.ms", Append, "1", ErrorCode.InvalidConfig)]
    [InlineData("retention.ms", Subtract, "1", ErrorCode.InvalidConfig)]
    [InlineData("retention.ms", Set, "soon", ErrorCode.InvalidConfig)]
    [InlineData("retention.ms", Set, null, ErrorCode.InvalidRequest)]
    [InlineData("cleanup.policy", Append, "shred", ErrorCode.InvalidConfig)]
    [InlineData("no.such.config", Set, "1", ErrorCode.InvalidConfig)]
    [InlineData("no.such.config", Append, "1", ErrorCode.InvalidConfig)]
    [InlineData("retention.ms", (ConfigOperation)9, "1", ErrorCode.InvalidRequest)]
    public void A_bad_step_is_refused_and_the_whole_resource_stays(string name, ConfigOperation operation, string? value, ErrorCode code)
    {
        var (actual, message) = _catalog.Alter(ConfigResourceType.Topic, "orders", ("segment.ms", Set, "6"), (name, operation, value));

        Assert.Equal(code, actual);
        Assert.Contains(name, message, StringComparison.Ordinal);
        Assert.Empty(Configs);
    }

    [Fact]
    public void A_configuration_stands_once_in_a_resource_and_a_resource_once_in_a_request()
    {
        Assert.Equal(ErrorCode.InvalidRequest, _catalog.Alter(ConfigResourceType.Topic, "orders", ("segment.ms", Set, "6"), ("segment.ms", Set, "7")).Code);

        var response = _catalog.Run(_catalog.Catalog.IncrementalAlterConfigs(new() { Resources = [Incremental("orders"), Incremental("orders")] }, _catalog.View));
        Assert.Equal([ErrorCode.InvalidRequest, ErrorCode.InvalidRequest], response.Responses.Select(result => result.ErrorCode));
    }

    [Fact]
    public void Unknown_topics_and_other_resources_are_refused()
    {
        Assert.Equal(ErrorCode.UnknownTopicOrPartition, _catalog.Alter(ConfigResourceType.Topic, "payments", ("segment.ms", Set, "6")).Code);
        Assert.Equal(ErrorCode.InvalidTopicException, _catalog.Alter(ConfigResourceType.Topic, "a/b", ("segment.ms", Set, "6")).Code);
        Assert.Equal(ErrorCode.InvalidRequest, _catalog.Alter(BrokerLogger, "0", ("root", Set, "INFO")).Code);
        Assert.Equal(ErrorCode.InvalidRequest, _catalog.Alter(Unknown, "orders", ("segment.ms", Set, "6")).Code);
    }

    [Fact]
    public void The_older_request_replaces_all()
    {
        _catalog.Alter(ConfigResourceType.Topic, "orders", ("retention.ms", Set, "5"));

        Assert.Equal(ErrorCode.None, Replace("orders", validateOnly: false, ("segment.ms", "6")));
        Assert.Equal([KeyValuePair.Create("segment.ms", "6")], Configs);
        Assert.Equal(ErrorCode.InvalidRequest, Replace("orders", validateOnly: false, ("segment.ms", null)));
        Assert.Equal(ErrorCode.InvalidConfig, Replace("orders", validateOnly: false, ("segment.ms", "x")));
        Assert.Equal(ErrorCode.None, Replace("orders", validateOnly: false));
        Assert.Empty(Configs);
    }

    [Fact]
    public void Validate_only_changes_nothing()
    {
        Assert.Equal(ErrorCode.None, Replace("orders", validateOnly: true, ("segment.ms", "6")));
        Assert.Equal(ErrorCode.InvalidConfig, Replace("orders", validateOnly: true, ("segment.ms", "x")));

        Assert.Empty(Configs);
    }

    [Fact]
    public void What_changes_nothing_is_not_stored()
    {
        _catalog.Alter(ConfigResourceType.Topic, "orders", ("segment.ms", Set, "6"));

        Assert.Empty(_catalog.Catalog.IncrementalAlterConfigs(new() { Resources = [Incremental("orders", ("segment.ms", "6"))] }, _catalog.View).Records);
    }

    [Fact]
    public void Brokers_are_altered_one_or_all()
    {
        Assert.Equal(ErrorCode.None, _catalog.Alter(Broker, "", ("log.retention.ms", Set, "1")).Code);
        Assert.Equal(ErrorCode.None, _catalog.Alter(Broker, "0", ("log.retention.ms", Set, "2")).Code);

        Assert.Equal("1", _catalog.Catalog.AllBrokersConfigs["log.retention.ms"]);
        Assert.Equal("2", _catalog.Catalog.BrokerConfigs(new BrokerId(0))["log.retention.ms"]);
    }

    [Theory]
    [InlineData("0", "num.partitions", "3")]
    [InlineData("", "log.retention.hours", "3")]
    [InlineData("", "log.retention.ms", "soon")]
    [InlineData("1", "log.retention.ms", "3")]
    [InlineData("-1", "log.retention.ms", "3")]
    [InlineData("zero", "log.retention.ms", "3")]
    public void A_broker_is_not_altered_where_it_would_not_take_effect(string broker, string name, string value)
    {
        Assert.Equal(ErrorCode.InvalidRequest, _catalog.Alter(Broker, broker, (name, Set, value)).Code);
    }

    private IReadOnlyDictionary<string, string> Configs => _catalog.Catalog.Find("orders")!.Configs;

    private ErrorCode Replace(string topic, bool validateOnly, params (string Name, string? Value)[] configs) => _catalog.Run(_catalog.Catalog.AlterConfigs(new()
    {
        ValidateOnly = validateOnly,
        Resources =
        [
            new()
            {
                ResourceType = (sbyte)ConfigResourceType.Topic,
                ResourceName = topic,
                Configs = Array.ConvertAll(configs, config => new AlterConfigsRequest.AlterableConfig { Name = config.Name, Value = config.Value }),
            },
        ],
    }, _catalog.View)).Responses[0].ErrorCode;

    private static IncrementalAlterConfigsRequest.AlterConfigsResource Incremental(string topic, params (string Name, string Value)[] configs) => new()
    {
        ResourceType = (sbyte)ConfigResourceType.Topic,
        ResourceName = topic,
        Configs = Array.ConvertAll(configs, config => new IncrementalAlterConfigsRequest.AlterableConfig { Name = config.Name, Value = config.Value }),
    };
}
