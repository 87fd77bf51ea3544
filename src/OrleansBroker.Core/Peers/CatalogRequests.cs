using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Messages;

namespace OrleansBroker.Core.Peers;

// Requests to the catalog, sent on to the broker that writes it as the client sent them.

public sealed record ForwardedCreateTopics(CreateTopicsRequest Request) : PeerRequest<CreateTopicsResponse>
{
    public override ValueTask<CreateTopicsResponse> AnswerAsync(PeerService peer) => peer.Catalog.Writer.CreateTopicsAsync(Request, CancellationToken.None);
}

public sealed record ForwardedDeleteTopics(DeleteTopicsRequest Request) : PeerRequest<DeleteTopicsResponse>
{
    public override ValueTask<DeleteTopicsResponse> AnswerAsync(PeerService peer) => peer.Catalog.Writer.DeleteTopicsAsync(Request, CancellationToken.None);
}

public sealed record ForwardedCreatePartitions(CreatePartitionsRequest Request) : PeerRequest<CreatePartitionsResponse>
{
    public override ValueTask<CreatePartitionsResponse> AnswerAsync(PeerService peer) => peer.Catalog.Writer.CreatePartitionsAsync(Request, CancellationToken.None);
}

public sealed record ForwardedAlterConfigs(AlterConfigsRequest Request) : PeerRequest<AlterConfigsResponse>
{
    public override ValueTask<AlterConfigsResponse> AnswerAsync(PeerService peer) => peer.Catalog.Writer.AlterConfigsAsync(Request, CancellationToken.None);
}

public sealed record ForwardedIncrementalAlterConfigs(IncrementalAlterConfigsRequest Request) : PeerRequest<IncrementalAlterConfigsResponse>
{
    public override ValueTask<IncrementalAlterConfigsResponse> AnswerAsync(PeerService peer) => peer.Catalog.Writer.IncrementalAlterConfigsAsync(Request, CancellationToken.None);
}

/// <inheritdoc cref="Ports.ITopicCatalog.CreateOnFirstUseAsync"/>
public sealed record ForwardedFirstUse(IReadOnlyList<string> Names) : PeerRequest<ErrorCode[]>
{
    public override ValueTask<ErrorCode[]> AnswerAsync(PeerService peer) => peer.Catalog.Writer.CreateOnFirstUseAsync(Names, CancellationToken.None);
}
