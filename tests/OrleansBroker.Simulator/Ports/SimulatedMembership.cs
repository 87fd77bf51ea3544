using OrleansBroker.Core.Ports;
using OrleansBroker.Simulator.Engine;

namespace OrleansBroker.Simulator.Ports;

/// <summary>
/// Which brokers live, as each broker sees it: the truth with a delay of its own, and for a while a lie (somebody who lives is said to be
/// dead, or the other way round).
/// </summary>
internal sealed class SimulatedMembership(World world)
{
    private readonly Chance _chance = world.Chance.Branch("membership");
    private readonly SortedDictionary<int, BrokerRegistration> _truth = [];
    private readonly SortedDictionary<int, View> _views = [];

    /// <summary>How long a broker's death stays unknown.</summary>
    public TimeSpan DetectionMin { get; set; } = TimeSpan.FromSeconds(1);

    /// <inheritdoc cref="DetectionMin"/>
    public TimeSpan DetectionMax { get; set; } = TimeSpan.FromSeconds(3);

    /// <summary>How long a broker's arrival stays unknown to others, at most.</summary>
    public TimeSpan ArrivalMax { get; set; } = TimeSpan.FromSeconds(1);

    public IReadOnlyCollection<BrokerRegistration> Truth => _truth.Values;

    /// <summary>The view of a broker that starts: as it stands in truth.</summary>
    public IMembership Join(SimulatedProcess process, int broker)
    {
        var view = new View(process);
        foreach (var (id, registration) in _truth)
        {
            view.Set(id, registration);
        }

        _views[broker] = view;
        return view;
    }

    /// <summary>A broker has registered, or its registration has changed.</summary>
    public void Register(BrokerRegistration registration)
    {
        var id = registration.Id.Value;
        _truth[id] = registration;
        foreach (var (observer, view) in _views)
        {
            Tell(view, id, observer == id ? 0 : _chance.Ticks(0, ArrivalMax.Ticks));
        }
    }

    /// <summary>A broker's process has ended.</summary>
    public void Leave(int broker)
    {
        _truth.Remove(broker);
        _views.Remove(broker);
        foreach (var view in _views.Values)
        {
            Tell(view, broker, _chance.Ticks(DetectionMin.Ticks, DetectionMax.Ticks));
        }
    }

    /// <summary>For a while, <paramref name="observer"/> takes a broker for dead.</summary>
    public void Deny(int observer, int broker, TimeSpan duration)
    {
        if (observer != broker && _views.TryGetValue(observer, out var view))
        {
            world.Note($"membership: {observer} takes {broker} for dead");
            view.Lie(broker, true);
            world.After(duration, () => view.Lie(broker, false));
            world.After(duration, () => Refresh(view, broker));
            Refresh(view, broker);
        }
    }

    /// <summary>From now on every view becomes true.</summary>
    public void Truthful()
    {
        DetectionMax = DetectionMin;
        foreach (var view in _views.Values)
        {
            view.Truthful();
            foreach (var broker in view.Known.Concat(_truth.Keys).Distinct().ToArray())
            {
                Refresh(view, broker);
            }
        }
    }

    private void Tell(View view, int broker, long delay) => world.After(delay, () => Refresh(view, broker));

    private void Refresh(View view, int broker) =>
        view.Process.Run(() => view.Set(broker, view.IsDenied(broker) ? null : _truth.GetValueOrDefault(broker)));

    /// <summary>One broker's view. It changes in that broker's process.</summary>
    private sealed class View(SimulatedProcess process) : IMembership
    {
        private readonly SortedDictionary<int, BrokerRegistration> _known = [];
        private readonly List<Action<ClusterView>> _subscribers = [];
        private readonly SortedSet<int> _denied = [];

        public SimulatedProcess Process => process;

        public ClusterView Current { get; private set; } = ClusterView.Empty;

        public IDisposable Subscribe(Action<ClusterView> changed)
        {
            _subscribers.Add(changed);
            return new Subscription(() => _subscribers.Remove(changed));
        }

        public void Lie(int broker, bool isDenied)
        {
            if (isDenied)
            {
                _denied.Add(broker);
            }
            else
            {
                _denied.Remove(broker);
            }
        }

        public IEnumerable<int> Known => _known.Keys;

        public void Truthful() => _denied.Clear();

        public bool IsDenied(int broker) => _denied.Contains(broker);

        public void Set(int broker, BrokerRegistration? registration)
        {
            if (_known.GetValueOrDefault(broker) == registration)
            {
                return;
            }

            if (registration is null)
            {
                _known.Remove(broker);
            }
            else
            {
                _known[broker] = registration;
            }

            Current = new ClusterView(Current.Version + 1, [.. _known.Values]);
            foreach (var subscriber in _subscribers.ToArray())
            {
                subscriber(Current);
            }
        }
    }

    private sealed class Subscription(Action end) : IDisposable
    {
        public void Dispose() => end();
    }
}
