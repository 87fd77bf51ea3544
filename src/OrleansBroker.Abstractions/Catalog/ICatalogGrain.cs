using Orleans.Concurrency;
using OrleansBroker.Protocol.Messages;

namespace OrleansBroker.Abstractions.Catalog;

/// <summary>
/// The topics of the cluster as applications of Orleans reach them, by <see cref="Key"/>. It is activated at the broker that answers
/// for the cluster, and has no state of its own. Requests and responses are Kafka's; an exception means that the outcome is not known.
/// </summary>
[Alias("OrleansBroker.Catalog")]
public interface ICatalogGrain : IGrainWithStringKey
{
    const string Key = "catalog";

    [Alias("CreateTopics")]
    [AlwaysInterleave]
    [ResponseTimeout("00:01:00")]
    Task<CreateTopicsResponse> CreateTopicsAsync(CreateTopicsRequest request);

    [Alias("DeleteTopics")]
    [AlwaysInterleave]
    [ResponseTimeout("00:01:00")]
    Task<DeleteTopicsResponse> DeleteTopicsAsync(DeleteTopicsRequest request);

    [Alias("CreatePartitions")]
    [AlwaysInterleave]
    [ResponseTimeout("00:01:00")]
    Task<CreatePartitionsResponse> CreatePartitionsAsync(CreatePartitionsRequest request);

    /// <summary>Brokers, topics and partitions: all topics where the request's are null.</summary>
    [Alias("Describe")]
    [AlwaysInterleave]
    Task<MetadataResponse> DescribeAsync(MetadataRequest request);

    [Alias("DescribeConfigs")]
    [AlwaysInterleave]
    Task<DescribeConfigsResponse> DescribeConfigsAsync(DescribeConfigsRequest request);

    [Alias("AlterConfigs")]
    [AlwaysInterleave]
    [ResponseTimeout("00:01:00")]
    Task<IncrementalAlterConfigsResponse> AlterConfigsAsync(IncrementalAlterConfigsRequest request);
}
