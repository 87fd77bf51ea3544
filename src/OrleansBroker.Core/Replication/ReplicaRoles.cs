using OrleansBroker.Core.Partitions;
using OrleansBroker.Protocol;

namespace OrleansBroker.Core.Replication;

/// <summary>
/// Gives this broker's replicas the part that a state says: what it stored or read from the document itself may make it a leader,
/// what it hears from others only a follower.
/// </summary>
internal sealed class ReplicaRoles(ReplicaServices services, ReplicaFetchers fetchers, Announcements announcements)
{
    /// <summary>See <see cref="BrokerReplicas.RoleChanged"/>.</summary>
    public Action<Partition>? Changed { get; set; }

    /// <summary>Whether a state has this broker lead, in this life.</summary>
    public bool IsMine(PartitionState state) =>
        state.Leader == services.Self.Id
        && Array.Exists(state.Isr, member => member.Broker == services.Self.Id && member.BrokerEpoch == services.Self.Epoch);

    /// <summary>Whether a state has this broker lead, and the log knows of no later leader: a document store may forget one.</summary>
    public bool CanResume(Replica replica, PartitionState state) => IsMine(state) && state.LeaderEpoch >= replica.Partition.Log.Epochs.Latest;

    /// <summary>A state that stands in the partition's document.</summary>
    public void Take(Replica replica, PartitionState state)
    {
        if (!IsMine(state))
        {
            Hear(replica, state);
            return;
        }

        var begins = false;
        lock (replica.Part)
        {
            var partition = replica.Partition;
            if (partition.IsLeader && partition.LeaderEpoch == state.LeaderEpoch)
            {
                if (!IsNews(partition, state))
                {
                    return;
                }

                partition.Update(state, services.Clock.GetTimestamp());
            }
            else if (IsNews(partition, state) && CanResume(replica, state))
            {
                fetchers.Leave(partition);
                partition.Lead(state, services.Clock.GetTimestamp());
                replica.LeaderlessSince = null;
                replica.IsLeaderlessTold = false;
                begins = true;
            }
            else
            {
                return;
            }
        }

        announcements.Note(state);
        services.Metadata.Change(image => image.Merge([state]));
        if (begins)
        {
            Changed?.Invoke(replica.Partition);
        }
    }

    /// <summary>A state that another broker stored.</summary>
    public void Hear(Replica replica, PartitionState state)
    {
        bool ends;
        lock (replica.Part)
        {
            var partition = replica.Partition;
            if (IsMine(state) || !IsNews(partition, state))
            {
                return;
            }

            ends = partition.IsLeader;
            if (ends || partition.LeaderEpoch != state.LeaderEpoch)
            {
                partition.Follow(state);
            }
            else
            {
                partition.Update(state, services.Clock.GetTimestamp());
            }

            // A leader of an epoch older than the log's is none: the document store has forgotten its successor.
            if (state.Leader == BrokerId.None || state.Leader == services.Self.Id || state.LeaderEpoch < partition.Log.Epochs.Latest)
            {
                fetchers.Leave(partition);
            }
            else
            {
                fetchers.Follow(partition, state.Leader);
            }
        }

        services.Metadata.Change(image => image.Merge([state]));
        if (ends)
        {
            // Its successor may have ended before it knew that it was elected: then nobody else has told those who follow here.
            announcements.Note(state);
            Changed?.Invoke(replica.Partition);
        }
    }

    /// <summary>The replica is here no more.</summary>
    public void Close(Replica replica)
    {
        lock (replica.Part)
        {
            fetchers.Leave(replica.Partition);
            replica.Partition.Close();
        }

        announcements.Forget(replica.Key);
        Changed?.Invoke(replica.Partition);
    }

    // A state under which the replica has not begun yet is newer than any: its partition starts out below the first epoch.
    private static bool IsNews(Partition partition, PartitionState state) =>
        !partition.IsClosed && state.IsNewerThan(partition.LeaderEpoch, partition.State.PartitionEpoch);
}
