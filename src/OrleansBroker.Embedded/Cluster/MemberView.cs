using OrleansBroker.Core.Ports;

namespace OrleansBroker.Embedded.Cluster;

/// <summary>What one broker sees of the membership. Subscribers are called one at a time, on the thread pool.</summary>
/// <param name="failed">Told when a subscriber threw; the others are called all the same.</param>
internal sealed class MemberView(Func<bool> canSee, Action<Exception>? failed = null) : IMembership
{
    private readonly Lock _gate = new();
    private readonly List<Action<ClusterView>> _subscribers = [];
    private volatile ClusterView _current = ClusterView.Empty;
    private bool _isCalling;
    private bool _isStale;

    public ClusterView Current => _current;

    public IDisposable Subscribe(Action<ClusterView> changed)
    {
        lock (_gate)
        {
            _subscribers.Add(changed);
            return new Subscription(this, changed);
        }
    }

    /// <summary>There is a new view, which the broker sees if it can.</summary>
    public void Show(ClusterView view)
    {
        if (canSee())
        {
            Take(view);
        }
    }

    public void Take(ClusterView view)
    {
        lock (_gate)
        {
            if (view.Version <= _current.Version)
            {
                return;
            }

            _current = view;
            _isStale = true;
            if (_isCalling)
            {
                return;
            }

            _isCalling = true;
        }

        _ = Task.Run(CallSubscribers);
    }

    private void CallSubscribers()
    {
        while (true)
        {
            Action<ClusterView>[] subscribers;
            lock (_gate)
            {
                if (!_isStale)
                {
                    _isCalling = false;
                    return;
                }

                _isStale = false;
                subscribers = [.. _subscribers];
            }

            foreach (var subscriber in subscribers)
            {
                try
                {
                    subscriber(_current);
                }
                catch (Exception e)
                {
                    failed?.Invoke(e);
                }
            }
        }
    }

    private sealed class Subscription(MemberView view, Action<ClusterView> changed) : IDisposable
    {
        public void Dispose()
        {
            lock (view._gate)
            {
                view._subscribers.Remove(changed);
            }
        }
    }
}
