using OrleansBroker.Core.Peers.Wire;
using OrleansBroker.Core.Ports;
using OrleansBroker.Embedded;
using OrleansBroker.Grains.Doors;
using OrleansBroker.Grains.Membership;
using OrleansBroker.Server.Network;

namespace OrleansBroker.Grains;

/// <summary>The ways of a broker that is a silo to the rest of its cluster.</summary>
/// <param name="documents">Made when the broker asks for them: files lie in its data directory, which it has locked by then.</param>
internal sealed class SiloLinks(Lazy<IDocumentStore> documents, SiloMembership membership, IPeers peers, LocalBroker local, PauseWatch pauses, SiloAddress self) : IClusterLinks
{
    public IDocumentStore Documents => documents.Value;

    public IMembership Membership => membership;

    public IPeers Peers => peers;

    public IBrokerLives? Lives => membership;

    public IAnswerGate? Gate => pauses;

    public IBrokerConnector Connector { get; } = new BrokerConnector(membership, self.ToString());

    public async ValueTask JoinAsync(BrokerHost host, CancellationToken cancellation)
    {
        local.Open(new BrokerDoor(host, local, pauses, BrokerDoor.WaitMax));
        local.Show(host, new BrokerIntroduction(self.ToParsableString(), host.Registration));
        await membership.GreetAsync(cancellation);
    }

    public async ValueTask DrainAsync()
    {
        if (local.Host is { } host)
        {
            local.Show(host, new BrokerIntroduction(self.ToParsableString(), host.Registration with { IsDraining = true }));
            await membership.GreetAsync(CancellationToken.None);
        }
    }

    /// <summary>
    /// Says goodbye: by the membership alone the others would take the broker to live, and wait for its replicas, until its logs are
    /// closed and its silo ends.
    /// </summary>
    public async ValueTask LeaveAsync()
    {
        if (local.Host is { } host)
        {
            local.Show(null, new BrokerIntroduction(self.ToParsableString(), host.Registration) { IsDraining = true, IsLeaving = true });
            await membership.GreetAsync(CancellationToken.None);
            await local.CloseDoorAsync();
        }
    }
}
