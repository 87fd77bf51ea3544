using OrleansBroker.Protocol;

namespace OrleansBroker.Embedded.Cluster;

/// <summary>Which brokers of a cluster cannot reach which, or the documents and the membership.</summary>
internal sealed class ClusterFaults
{
    private readonly Lock _gate = new();
    private readonly HashSet<BrokerId> _isolated = [];
    private readonly HashSet<(BrokerId, BrokerId)> _cut = [];

    /// <summary>Called after a cut, for connections that are open.</summary>
    public event Action? Changed;

    public void Isolate(BrokerId broker) => Change(() => _isolated.Add(broker));

    public void Cut(BrokerId one, BrokerId other) => Change(() =>
    {
        _cut.Add((one, other));
        _cut.Add((other, one));
    });

    public void Heal() => Change(() =>
    {
        _isolated.Clear();
        _cut.Clear();
    });

    /// <summary>Whether a broker is cut off from all others, the documents and the membership.</summary>
    public bool IsIsolated(BrokerId broker)
    {
        lock (_gate)
        {
            return _isolated.Contains(broker);
        }
    }

    public bool IsCut(BrokerId one, BrokerId other)
    {
        lock (_gate)
        {
            return one != other && (_isolated.Contains(one) || _isolated.Contains(other) || _cut.Contains((one, other)));
        }
    }

    private void Change(Action change)
    {
        lock (_gate)
        {
            change();
        }

        Changed?.Invoke();
    }
}
