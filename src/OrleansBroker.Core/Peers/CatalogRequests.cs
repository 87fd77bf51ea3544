using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Messages;

namespace OrleansBroker.Core.Peers;

/// <summary>A request to the catalog, sent on to the broker that writes it as the client sent it. Thousands of topics take their time.</summary>
public abstract record CatalogRequest<TResponse> : PeerRequest<TResponse>
{
    public override TimeSpan AnswerWithin => TimeSpan.FromSeconds(30);
}

public sealed record ForwardedCreateTopics(CreateTopicsRequest Request) : CatalogRequest<CreateTopicsResponse>
{
    public override ValueTask<CreateTopicsResponse> AnswerAsync(PeerService peer) => peer.Catalog.Writer.CreateTopicsAsync(Request, CancellationToken.None);
}

public sealed record ForwardedDeleteTopics(DeleteTopicsRequest Request) : CatalogRequest<DeleteTopicsResponse>
{
    public override ValueTask<DeleteTopicsResponse> AnswerAsync(PeerService peer) => peer.Catalog.Writer.DeleteTopicsAsync(Request, CancellationToken.None);
}

public sealed record ForwardedCreatePartitions(CreatePartitionsRequest Request) : CatalogRequest<CreatePartitionsResponse>
{
    public override ValueTask<CreatePartitionsResponse> AnswerAsync(PeerService peer) => peer.Catalog.Writer.CreatePartitionsAsync(Request, CancellationToken.None);
}

public sealed record ForwardedAlterConfigs(AlterConfigsRequest Request) : CatalogRequest<AlterConfigsResponse>
{
    public override ValueTask<AlterConfigsResponse> AnswerAsync(PeerService peer) => peer.Catalog.Writer.AlterConfigsAsync(Request, CancellationToken.None);
}

public sealed record ForwardedIncrementalAlterConfigs(IncrementalAlterConfigsRequest Request) : CatalogRequest<IncrementalAlterConfigsResponse>
{
    public override ValueTask<IncrementalAlterConfigsResponse> AnswerAsync(PeerService peer) => peer.Catalog.Writer.IncrementalAlterConfigsAsync(Request, CancellationToken.None);
}

/// <inheritdoc cref="Ports.ITopicCatalog.CreateOnFirstUseAsync"/>
public sealed record ForwardedFirstUse(IReadOnlyList<string> Names) : CatalogRequest<ErrorCode[]>
{
    public override ValueTask<ErrorCode[]> AnswerAsync(PeerService peer) => peer.Catalog.Writer.CreateOnFirstUseAsync(Names, CancellationToken.None);
}
