using OrleansBroker.Core.Configuration;
using OrleansBroker.Core.Topics;
using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Messages;
using static OrleansBroker.Protocol.Messages.CreateTopicsRequest;

namespace OrleansBroker.Core.Tests.Topics;

/// <summary>A catalog whose records count as stored at once, with ids that count up.</summary>
internal sealed class CatalogHarness
{
    private int _ids;

    public CatalogHarness(int brokers = 1, BrokerConfig? config = null)
        : this([.. Enumerable.Range(0, brokers).Select(id => new CatalogBroker(new BrokerId(id)))], config)
    {
    }

    public CatalogHarness(CatalogBroker[] brokers, BrokerConfig? config = null)
    {
        View = new CatalogView(config ?? BrokerConfig.Default, brokers);
        Catalog = new Catalog(() => new Guid(++_ids, 0, 0, new byte[8]));
    }

    public Catalog Catalog { get; }

    public CatalogView View { get; }

    public static CreatableTopic Topic(string name, int partitions = -1, short replicationFactor = -1) =>
        new() { Name = name, NumPartitions = partitions, ReplicationFactor = replicationFactor };

    public TResponse Run<TResponse>(CatalogResult<TResponse> result)
    {
        foreach (var record in result.Records)
        {
            Catalog.Replay(record);
        }

        return result.Response;
    }

    public CreateTopicsResponse.CreatableTopicResult[] Create(params CreatableTopic[] topics) => Run(Catalog.CreateTopics(new() { Topics = topics }, View)).Topics;

    public CreateTopicsResponse.CreatableTopicResult Create(string name, int partitions = -1, short replicationFactor = -1) => Create(Topic(name, partitions, replicationFactor))[0];

    /// <summary>The code for a topic that is tried and not created, and why.</summary>
    public ErrorCode Refused(CreatableTopic topic)
    {
        var before = Catalog.Topics.Count;
        var result = Assert.Single(Create(topic));
        Assert.Equal(before, Catalog.Topics.Count);
        Assert.False(string.IsNullOrEmpty(result.ErrorMessage));
        return result.ErrorCode;
    }

    public (ErrorCode Code, string? Message) Alter(ConfigResourceType type, string name, params (string Name, ConfigOperation Operation, string? Value)[] steps)
    {
        var response = Run(Catalog.IncrementalAlterConfigs(new()
        {
            Resources =
            [
                new()
                {
                    ResourceType = (sbyte)type,
                    ResourceName = name,
                    Configs = Array.ConvertAll(steps, step => new IncrementalAlterConfigsRequest.AlterableConfig { Name = step.Name, ConfigOperation = (sbyte)step.Operation, Value = step.Value }),
                },
            ],
        }, View));
        return (response.Responses[0].ErrorCode, response.Responses[0].ErrorMessage);
    }
}
