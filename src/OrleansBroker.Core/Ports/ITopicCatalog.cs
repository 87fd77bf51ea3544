using OrleansBroker.Core.Metadata;
using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Messages;

namespace OrleansBroker.Core.Ports;

/// <summary>
/// The topics of the cluster and all dynamic configuration. A change is stored before it is answered, and is in the local
/// <see cref="MetadataCache"/> when it is answered.
/// </summary>
public interface ITopicCatalog
{
    ValueTask<CreateTopicsResponse> CreateTopicsAsync(CreateTopicsRequest request, CancellationToken cancellation);

    ValueTask<DeleteTopicsResponse> DeleteTopicsAsync(DeleteTopicsRequest request, CancellationToken cancellation);

    ValueTask<CreatePartitionsResponse> CreatePartitionsAsync(CreatePartitionsRequest request, CancellationToken cancellation);

    ValueTask<AlterConfigsResponse> AlterConfigsAsync(AlterConfigsRequest request, CancellationToken cancellation);

    ValueTask<IncrementalAlterConfigsResponse> IncrementalAlterConfigsAsync(IncrementalAlterConfigsRequest request, CancellationToken cancellation);

    /// <summary>
    /// Makes topics that a client or a coordinator asked for and that do not exist, with the broker's defaults; internal topics
    /// with the settings that they need. The result has the code of each name, in order: <see cref="ErrorCode.None"/> where
    /// the topic exists now, created by this call or by another.
    /// </summary>
    ValueTask<ErrorCode[]> CreateOnFirstUseAsync(IReadOnlyList<string> names, CancellationToken cancellation);
}
