using OrleansBroker.Core.Ports;

namespace OrleansBroker.Embedded.Cluster;

/// <summary>
/// The membership of a cluster in one process. A broker that stops or is killed is gone at once; one that is paused or cut off is
/// taken to be dead after a while, and does not hear of it before it can.
/// </summary>
internal sealed class InProcessMembership
{
    private readonly Lock _gate = new();
    private readonly SortedDictionary<int, BrokerRegistration> _live = [];
    private readonly List<MemberView> _views = [];
    private long _version;

    public void Put(BrokerRegistration broker)
    {
        lock (_gate)
        {
            _live[broker.Id.Value] = broker;
            Publish();
        }
    }

    /// <summary>Removes a broker in that life.</summary>
    public void Remove(BrokerRegistration broker)
    {
        lock (_gate)
        {
            if (_live.TryGetValue(broker.Id.Value, out var found) && found.Epoch == broker.Epoch)
            {
                _live.Remove(broker.Id.Value);
                Publish();
            }
        }
    }

    public bool Contains(BrokerRegistration broker)
    {
        lock (_gate)
        {
            return _live.TryGetValue(broker.Id.Value, out var found) && found.Epoch == broker.Epoch;
        }
    }

    /// <summary>A broker's own view.</summary>
    /// <param name="canSee">Whether the broker hears of changes at the moment.</param>
    public MemberView NewView(Func<bool> canSee)
    {
        lock (_gate)
        {
            var view = new MemberView(canSee);
            _views.Add(view);
            view.Show(Snapshot());
            return view;
        }
    }

    /// <summary>A broker that saw nothing for a while reads what there is, before it does anything else.</summary>
    public void Read(MemberView view)
    {
        lock (_gate)
        {
            view.Take(Snapshot());
        }
    }

    public void Forget(MemberView view)
    {
        lock (_gate)
        {
            _views.Remove(view);
        }
    }

    /// <summary>Shows everybody what there is, as far as they can see: after a cut has healed.</summary>
    public void Refresh()
    {
        lock (_gate)
        {
            Publish();
        }
    }

    private ClusterView Snapshot() => new(++_version, [.. _live.Values]);

    private void Publish()
    {
        var snapshot = Snapshot();
        foreach (var view in _views)
        {
            view.Show(snapshot);
        }
    }
}
