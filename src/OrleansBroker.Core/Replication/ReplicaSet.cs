using System.Collections.Immutable;

namespace OrleansBroker.Core.Replication;

/// <summary>This broker's replicas, in the order of their keys.</summary>
internal sealed class ReplicaSet
{
    private ImmutableSortedDictionary<ReplicaKey, Replica> _replicas = ImmutableSortedDictionary<ReplicaKey, Replica>.Empty;

    /// <summary>As they are at this moment.</summary>
    public IEnumerable<Replica> All => Volatile.Read(ref _replicas).Values;

    public Replica? Find(ReplicaKey key) => Volatile.Read(ref _replicas).GetValueOrDefault(key);

    public void Add(Replica replica) => ImmutableInterlocked.Update(ref _replicas, replicas => replicas.SetItem(replica.Key, replica));

    public void AddRange(IEnumerable<Replica> added)
    {
        var all = added.ToArray();
        ImmutableInterlocked.Update(ref _replicas, replicas => replicas.SetItems(all.Select(replica => KeyValuePair.Create(replica.Key, replica))));
    }

    public void Remove(ReplicaKey key) => ImmutableInterlocked.Update(ref _replicas, replicas => replicas.Remove(key));
}
