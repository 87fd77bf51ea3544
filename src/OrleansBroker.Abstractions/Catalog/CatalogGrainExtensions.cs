using OrleansBroker.Protocol.Messages;

namespace OrleansBroker.Abstractions.Catalog;

/// <summary>What most callers want of the catalog, with <see cref="BrokerException"/> in place of error codes.</summary>
public static class CatalogGrainExtensions
{
    /// <summary>Creates a topic.</summary>
    /// <param name="partitions">-1 for the broker's default.</param>
    /// <param name="replicationFactor">-1 for the broker's default.</param>
    /// <returns>False where there is one of that name already.</returns>
    /// <exception cref="BrokerException">It was refused.</exception>
    public static async Task<bool> CreateTopicAsync(
        this ICatalogGrain catalog, string topic, int partitions = -1, short replicationFactor = -1, IReadOnlyDictionary<string, string>? configs = null)
    {
        var response = await catalog.CreateTopicsAsync(new CreateTopicsRequest
        {
            TimeoutMs = 30_000,
            Topics =
            [
                new()
                {
                    Name = topic,
                    NumPartitions = partitions,
                    ReplicationFactor = replicationFactor,
                    Configs = [.. (configs ?? new Dictionary<string, string>()).Select(config => new CreateTopicsRequest.CreatableTopicConfig { Name = config.Key, Value = config.Value })],
                },
            ],
        });
        var created = response.Topics[0];
        if (created.ErrorCode == ErrorCode.TopicAlreadyExists)
        {
            return false;
        }

        BrokerException.ThrowIfFailed(created.ErrorCode, created.ErrorMessage);
        return true;
    }

    /// <exception cref="BrokerException">It was refused, or there is none of that name.</exception>
    public static async Task DeleteTopicAsync(this ICatalogGrain catalog, string topic)
    {
        var response = await catalog.DeleteTopicsAsync(new DeleteTopicsRequest { TimeoutMs = 30_000, Topics = [new() { Name = topic }] });
        BrokerException.ThrowIfFailed(response.Responses[0].ErrorCode, response.Responses[0].ErrorMessage);
    }

    /// <summary>How many partitions a topic has; null where there is none of that name.</summary>
    /// <exception cref="BrokerException">It could not be told.</exception>
    public static async Task<int?> PartitionCountAsync(this ICatalogGrain catalog, string topic)
    {
        var response = await catalog.DescribeAsync(new MetadataRequest { Topics = [new() { Name = topic }], AllowAutoTopicCreation = false });
        var found = response.Topics[0];
        if (found.ErrorCode == ErrorCode.UnknownTopicOrPartition)
        {
            return null;
        }

        BrokerException.ThrowIfFailed(found.ErrorCode);
        return found.Partitions.Length;
    }
}
