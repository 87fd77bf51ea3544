namespace OrleansBroker.Core.Ports;

/// <summary>Brokers that neither come nor go: of a broker that is alone.</summary>
public sealed class FixedMembership(ClusterView view) : IMembership
{
    public ClusterView Current { get; } = view;

    public IDisposable Subscribe(Action<ClusterView> changed) => new Subscription();

    private sealed class Subscription : IDisposable
    {
        public void Dispose()
        {
        }
    }
}
