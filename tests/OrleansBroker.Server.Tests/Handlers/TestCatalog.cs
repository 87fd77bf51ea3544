using OrleansBroker.Core.Configuration;
using OrleansBroker.Core.Metadata;
using OrleansBroker.Core.Ports;
using OrleansBroker.Core.Topics;
using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Messages;

namespace OrleansBroker.Server.Tests.Handlers;

/// <summary>The catalog machine with nothing behind it: what is decided is in force.</summary>
internal sealed class TestCatalog(BrokerConfigCache config, MetadataCache metadata) : ITopicCatalog
{
    private readonly Catalog _catalog = new(Guid.NewGuid);

    private CatalogView View => new(config.Current, [.. metadata.Current.Brokers.Select(broker => new CatalogBroker(broker.Id, broker.Rack))]);

    public ValueTask<CreateTopicsResponse> CreateTopicsAsync(CreateTopicsRequest request, CancellationToken cancellation) => new(Apply(_catalog.CreateTopics(request, View)));

    public ValueTask<DeleteTopicsResponse> DeleteTopicsAsync(DeleteTopicsRequest request, CancellationToken cancellation) => new(Apply(_catalog.DeleteTopics(request)));

    public ValueTask<CreatePartitionsResponse> CreatePartitionsAsync(CreatePartitionsRequest request, CancellationToken cancellation) => new(Apply(_catalog.CreatePartitions(request, View)));

    public ValueTask<AlterConfigsResponse> AlterConfigsAsync(AlterConfigsRequest request, CancellationToken cancellation) => new(Apply(_catalog.AlterConfigs(request, View)));

    public ValueTask<IncrementalAlterConfigsResponse> IncrementalAlterConfigsAsync(IncrementalAlterConfigsRequest request, CancellationToken cancellation) =>
        new(Apply(_catalog.IncrementalAlterConfigs(request, View)));

    public ValueTask<ErrorCode[]> CreateOnFirstUseAsync(IReadOnlyList<string> names, CancellationToken cancellation) => new(Apply(_catalog.CreateOnFirstUse(names, View)));

    private TResponse Apply<TResponse>(CatalogResult<TResponse> result)
    {
        foreach (var record in result.Records)
        {
            _catalog.Replay(record);
        }

        Assert.True(config.Current.TryAlter(_catalog.BrokerConfigs(config.Current.Broker), _catalog.AllBrokersConfigs, out var altered, out _));
        config.Replace(altered);
        metadata.Change(image => image.Without([.. image.Topics]).With(_catalog.Topics.Select(ToImage)));
        return result.Response;
    }

    private static TopicImage ToImage(CatalogTopic topic) =>
        new(topic.Name, topic.Id, Array.ConvertAll(topic.Replicas, replicas => new PartitionImage(replicas[0], new LeaderEpoch(0), replicas, replicas)))
        {
            IsInternal = topic.IsInternal,
            Configs = topic.Configs,
        };
}
