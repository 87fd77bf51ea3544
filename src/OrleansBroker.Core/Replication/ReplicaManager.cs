using OrleansBroker.Core.Configuration;
using OrleansBroker.Core.Metadata;
using OrleansBroker.Core.Partitions;
using OrleansBroker.Core.Ports;

namespace OrleansBroker.Core.Replication;

/// <summary>
/// All replicas of one broker: leads and follows as the partitions' documents say, keeps the ISR, and stands for election when a
/// leader is gone.
/// </summary>
public sealed class ReplicaManager(ReplicaServices services) : IPartitionHost, IAsyncDisposable
{
    private readonly ReplicaFetchers _fetchers = new(services);

    /// <summary>Called after a partition began to lead, ended to, or was closed; by the thread that changed it.</summary>
    public Action<Partition>? RoleChanged { get; set; }

    /// <summary>Opens the replicas of the topics in the image and takes this broker's part in each.</summary>
    public ValueTask StartAsync(CancellationToken cancellation) => throw new NotImplementedException();

    /// <summary>Hands every leadership over that another in-sync replica can take; what is left is led until the end.</summary>
    public ValueTask DrainAsync(CancellationToken cancellation) => throw new NotImplementedException();

    public ValueTask TopicCreatedAsync(TopicImage topic) => throw new NotImplementedException();

    public ValueTask TopicDeletedAsync(TopicImage topic) => throw new NotImplementedException();

    public ValueTask PartitionsAddedAsync(TopicImage topic, int firstPartition) => throw new NotImplementedException();

    public ValueTask TopicConfigChangedAsync(TopicImage topic) => throw new NotImplementedException();

    public ValueTask BrokerConfigChangedAsync(BrokerConfig config) => throw new NotImplementedException();

    public ValueTask DisposeAsync() => _fetchers.DisposeAsync();
}
