using System.Collections.Immutable;

namespace OrleansBroker.Core.Replication;

/// <summary>This broker's replicas, in the order of their keys. They are walked far more often than they change.</summary>
internal sealed class ReplicaSet
{
    private readonly Lock _changing = new();
    private volatile ImmutableSortedDictionary<ReplicaKey, Replica> _replicas = ImmutableSortedDictionary<ReplicaKey, Replica>.Empty;
    private volatile Replica[]? _all = [];

    /// <summary>As they are at this moment; not to be written to.</summary>
    public Replica[] All => _all ?? Collect();

    public Replica? Find(ReplicaKey key) => _replicas.GetValueOrDefault(key);

    public void AddRange(IReadOnlyList<Replica> added)
    {
        if (added.Count > 0)
        {
            Change(replicas => replicas.SetItems(added.Select(replica => KeyValuePair.Create(replica.Key, replica))));
        }
    }

    public void Remove(ReplicaKey key) => Change(replicas => replicas.Remove(key));

    private void Change(Func<ImmutableSortedDictionary<ReplicaKey, Replica>, ImmutableSortedDictionary<ReplicaKey, Replica>> change)
    {
        lock (_changing)
        {
            _replicas = change(_replicas);
            _all = null;
        }
    }

    private Replica[] Collect()
    {
        lock (_changing)
        {
            return _all ??= [.. _replicas.Values];
        }
    }
}
