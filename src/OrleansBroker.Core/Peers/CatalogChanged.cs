namespace OrleansBroker.Core.Peers;

/// <summary>The catalog has a new version: answered once the broker that was asked has it.</summary>
public sealed record CatalogChanged(long Version) : PeerRequest<bool>
{
    public override async ValueTask<bool> AnswerAsync(PeerService peer)
    {
        await peer.Catalog.RefreshAsync(Version, CancellationToken.None);
        return true;
    }
}
