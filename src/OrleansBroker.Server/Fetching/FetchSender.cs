using OrleansBroker.Core;
using OrleansBroker.Core.Configuration;
using OrleansBroker.Core.Ports;
using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Messages;

namespace OrleansBroker.Server.Fetching;

/// <summary>Who sent a fetch, and what that lets it see.</summary>
internal readonly record struct FetchSender
{
    private const short FollowersReadableSince = 11;
    private const short ReplicaStateSince = 15;

    /// <summary>The follower, or none: then a consumer sent it.</summary>
    public BrokerId Replica { get; private init; }

    /// <summary>The life of the follower's process; -1 where it does not say.</summary>
    public long BrokerEpoch { get; private init; }

    /// <summary>A later life of the same broker is known (KIP-903): what this one says of its log may not be so any more.</summary>
    public bool IsStale { get; private init; }

    /// <summary>A consumer that knows of followers may read from them (KIP-392).</summary>
    public bool MayReadFollowers { get; private init; }

    /// <summary>Consumers may read from this follower: it is to hear soon of what is committed.</summary>
    public bool WantsHighWatermark { get; private init; }

    /// <summary>Where a consumer is, if it says so and is to be sent to a replica there; else empty.</summary>
    public string Rack { get; private init; }

    /// <summary>When the request came, by the broker's clock.</summary>
    public long Timestamp { get; private init; }

    public bool IsReplica => Replica.Value >= 0;

    public static FetchSender Of(FetchRequest request, short version, BrokerServices broker)
    {
        var replica = new BrokerId(version >= ReplicaStateSince ? request.ReplicaState?.ReplicaId ?? -1 : request.ReplicaId);
        var isReplica = replica.Value >= 0;
        var epoch = version >= ReplicaStateSince ? request.ReplicaState?.ReplicaEpoch ?? -1 : -1;
        var isRackAware = broker.Config.Current.ReplicaSelectorClass == BrokerConfigTable.RackAwareReplicaSelector;
        return new FetchSender
        {
            Replica = replica,
            BrokerEpoch = epoch,
            IsStale = isReplica && epoch >= 0 && broker.Membership.Current.Find(replica)?.Epoch > epoch,
            MayReadFollowers = !isReplica && version >= FollowersReadableSince,
            WantsHighWatermark = isReplica && isRackAware && HasRacks(broker.Membership.Current),
            Rack = !isReplica && isRackAware ? request.RackId : string.Empty,
            Timestamp = broker.Clock.GetTimestamp(),
        };
    }

    private static bool HasRacks(ClusterView brokers)
    {
        foreach (var broker in brokers.Brokers)
        {
            if (broker.Rack is not null)
            {
                return true;
            }
        }

        return false;
    }
}
