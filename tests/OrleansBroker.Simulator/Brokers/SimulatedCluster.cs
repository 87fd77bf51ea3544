using OrleansBroker.Core.Peers;
using OrleansBroker.Core.Replication;
using OrleansBroker.Simulator.Engine;
using OrleansBroker.Simulator.Network;
using OrleansBroker.Simulator.Ports;

namespace OrleansBroker.Simulator.Brokers;

/// <summary>Brokers, the network between them, their document store and their membership.</summary>
internal sealed class SimulatedCluster
{
    private readonly SortedDictionary<int, (SimulatedProcess Process, PeerService Service)> _peers = [];

    public SimulatedCluster(World world, ClusterOptions options)
    {
        World = world;
        Options = options;
        Network = new SimulatedNetwork(world);
        Store = new SimulatedDocumentStore(Network);
        Membership = new SimulatedMembership(world);
        Brokers = [.. Enumerable.Range(0, options.Brokers).Select(id => new SimulatedBroker(this, id))];
    }

    public World World { get; }

    public ClusterOptions Options { get; }

    public SimulatedNetwork Network { get; }

    public SimulatedDocumentStore Store { get; }

    public SimulatedMembership Membership { get; }

    /// <summary>In the order of their ids; more when one joins.</summary>
    public SimulatedBroker[] Brokers { get; private set; }

    /// <summary>The states of all partitions as their documents say, in the order of their names.</summary>
    public IEnumerable<PartitionState> States => Store.All
        .Where(document => document.Key.StartsWith("partition/", StringComparison.Ordinal))
        .Select(document => PartitionDocuments.Read(document.Value.Content.Span, out _));

    public void Start()
    {
        foreach (var broker in Brokers)
        {
            broker.Start();
        }
    }

    /// <summary>One more broker comes, with an empty disk.</summary>
    public SimulatedBroker Join()
    {
        var broker = new SimulatedBroker(this, Brokers.Length);
        Brokers = [.. Brokers, broker];
        broker.Start();
        return broker;
    }

    /// <summary>The broker can be asked by its peers.</summary>
    public void Ask(int broker, SimulatedProcess process, PeerService service) => _peers[broker] = (process, service);

    /// <summary>The broker is about to stop, and answers no more questions.</summary>
    public void AskNoMore(int broker) => _peers.Remove(broker);

    public (SimulatedProcess Process, PeerService Service)? Peer(int broker) =>
        _peers.TryGetValue(broker, out var peer) && !peer.Process.IsDead ? peer : null;
}
