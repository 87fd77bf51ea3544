using System.Collections.Concurrent;
using OrleansBroker.Core.Configuration;
using OrleansBroker.Core.Peers;
using OrleansBroker.Core.Peers.Wire;
using OrleansBroker.Core.Ports;
using OrleansBroker.Protocol;

namespace OrleansBroker.Embedded.Tests.Topics;

/// <summary>The catalogs of several brokers over one store. Every broker writes as if it were the controller, which two may be for a while.</summary>
internal sealed class CatalogCluster(IDocumentStore store, int brokers) : IPeers
{
    private readonly ConcurrentDictionary<BrokerId, CatalogProcess> _processes = new();

    public static ClusterView ViewOf(int brokers) =>
        new(1, [.. Enumerable.Range(0, brokers).Select(id => new BrokerRegistration(new BrokerId(id), 10 + id, 1, Guid.Empty, "localhost", 9092 + id, null))]);

    /// <summary>Whether what one broker tells the others is lost.</summary>
    public bool IsSilent { get; set; }

    /// <param name="over">The store as this broker reaches it; null for the common one.</param>
    public async Task<CatalogProcess> StartAsync(int broker, IDocumentStore? over = null)
    {
        Assert.True(BrokerConfig.TryCreate([KeyValuePair.Create("node.id", $"{broker}"), KeyValuePair.Create("default.replication.factor", $"{brokers}")], out var config, out _));
        return _processes[new BrokerId(broker)] = await CatalogProcess.StartAsync(
            over ?? store, config, inCluster: services => services with { Membership = new FixedMembership(ViewOf(brokers)), Peers = this });
    }

    public async ValueTask<TReply> AskAsync<TReply>(BrokerId broker, PeerRequest<TReply> request, CancellationToken cancellation)
    {
        if (IsSilent || !_processes.TryGetValue(broker, out var process))
        {
            throw new IOException($"broker {broker} cannot be reached");
        }

        var reply = await PeerMessages.AnswerAsync(PeerMessages.Write(request, PeerMessages.VersionMax), new PeerService { Replicas = null!, Catalog = process.Host });
        return PeerMessages.ReadReply(request, reply);
    }
}
