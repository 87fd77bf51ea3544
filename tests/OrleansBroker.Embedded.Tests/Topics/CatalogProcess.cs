using OrleansBroker.Core.Configuration;
using OrleansBroker.Core.Metadata;
using OrleansBroker.Core.Ports;
using OrleansBroker.Embedded.Topics;
using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Messages;

namespace OrleansBroker.Embedded.Tests.Topics;

/// <summary>What one process has of the catalog: its host, its image, its partitions.</summary>
internal sealed class CatalogProcess
{
    private CatalogProcess(BrokerConfig config) => Config = new BrokerConfigCache(config);

    public BrokerConfigCache Config { get; }

    public MetadataCache Metadata { get; } = new(new MetadataImage("cluster", new BrokerId(0), [new BrokerImage(new BrokerId(0), "localhost", 9092)]));

    public TestPartitionHost Partitions { get; } = new();

    public CatalogHost Host { get; private set; } = null!;

    public static async Task<CatalogProcess> StartAsync(IDocumentStore store, BrokerConfig? config = null, int writesAtOnce = 1, Func<CatalogServices, CatalogServices>? inCluster = null)
    {
        var process = new CatalogProcess(config ?? BrokerConfig.Default);
        var services = AloneInCluster.Services(store, process.Config, process.Metadata, process.Partitions, writesAtOnce);
        process.Host = await CatalogHost.LoadAsync(inCluster?.Invoke(services) ?? services, default);
        process.Partitions.Hold(process.Metadata.Current);
        return process;
    }

    public async Task<ErrorCode> CreateAsync(string name, int partitions = 1, int timeoutMs = 60_000) => (await CreateAsync([name], partitions, timeoutMs))[0];

    public async Task<ErrorCode[]> CreateAsync(IEnumerable<string> names, int partitions = 1, int timeoutMs = 60_000)
    {
        var topics = names.Select(name => new CreateTopicsRequest.CreatableTopic { Name = name, NumPartitions = partitions, ReplicationFactor = -1 });
        var response = await Host.CreateTopicsAsync(new() { Topics = [.. topics], TimeoutMs = timeoutMs }, default);
        return Array.ConvertAll(response.Topics, topic => topic.ErrorCode);
    }

    public async Task<ErrorCode> DeleteAsync(string name) =>
        (await Host.DeleteTopicsAsync(new() { TopicNames = [name], TimeoutMs = 60_000 }, default)).Responses[0].ErrorCode;

    public async Task<ErrorCode> GrowAsync(string name, int count) =>
        (await Host.CreatePartitionsAsync(new() { Topics = [new() { Name = name, Count = count, Assignments = null }], TimeoutMs = 60_000 }, default)).Results[0].ErrorCode;

    public async Task<ErrorCode> SetAsync(ConfigResourceType type, string resource, string name, string value)
    {
        var response = await Host.IncrementalAlterConfigsAsync(
            new() { Resources = [new() { ResourceType = (sbyte)type, ResourceName = resource, Configs = [new() { Name = name, Value = value }] }] },
            default);
        return response.Responses[0].ErrorCode;
    }

    /// <summary>The topics as clients see them, a line each; the partitions on this broker must be the same.</summary>
    public string[] Describe()
    {
        var image = Print(Metadata.Current.Topics);
        Assert.Equal(image, Print(Partitions.Topics.Values.OrderBy(topic => topic.Name, StringComparer.Ordinal)));
        return image;
    }

    private static string[] Print(IEnumerable<TopicImage> topics) =>
        [.. topics.Select(topic => $"{topic.Name} {topic.Id} {topic.Partitions.Length} {string.Join(',', topic.Configs.OrderBy(config => config.Key))}")];
}
