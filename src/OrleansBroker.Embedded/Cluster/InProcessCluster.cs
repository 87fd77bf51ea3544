using System.Collections.Concurrent;
using OrleansBroker.Core.Ports;
using OrleansBroker.Protocol;

namespace OrleansBroker.Embedded.Cluster;

/// <summary>What the brokers of one process share: documents, membership, each other, and what stands between them.</summary>
internal sealed class InProcessCluster(IDocumentStore documents)
{
    public IDocumentStore Documents { get; } = documents;

    public InProcessMembership Membership { get; } = new();

    public ClusterFaults Faults { get; } = new();

    /// <summary>The brokers that can be asked, in their last life.</summary>
    public ConcurrentDictionary<BrokerId, InProcessLinks> Hosts { get; } = new();
}
