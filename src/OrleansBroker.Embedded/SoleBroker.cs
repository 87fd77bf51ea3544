using OrleansBroker.Core.Peers;
using OrleansBroker.Core.Ports;
using OrleansBroker.Protocol;

namespace OrleansBroker.Embedded;

/// <summary>The links of a broker that is alone: there is nobody to reach.</summary>
internal sealed class SoleBroker(EmbeddedBrokerOptions options) : IClusterLinks, IMembership, IPeers, IBrokerConnector, IDisposable
{
    private PeerService? _self;
    private FileDocumentStore? _documents;

    /// <summary>In the data directory, which the broker has made and locked by the time it asks for them.</summary>
    public IDocumentStore Documents => _documents ??= new FileDocumentStore(options.Files, Path.Combine(Path.GetFullPath(options.DataDirectory), "documents"));

    public IMembership Membership => this;

    public IPeers Peers => this;

    public IBrokerConnector Connector => this;

    public ClusterView Current { get; private set; } = ClusterView.Empty;

    public ValueTask JoinAsync(BrokerHost host, CancellationToken cancellation)
    {
        _self = host.Peer;
        Current = new ClusterView(1, [host.Registration]);
        return ValueTask.CompletedTask;
    }

    public void Dispose() => _documents?.Dispose();

    public ValueTask DrainAsync() => ValueTask.CompletedTask;

    public ValueTask LeaveAsync() => ValueTask.CompletedTask;

    /// <summary>Nothing changes once the broker has joined.</summary>
    public IDisposable Subscribe(Action<ClusterView> changed) => new FixedMembership(Current).Subscribe(changed);

    public ValueTask<TReply> AskAsync<TReply>(BrokerId broker, PeerRequest<TReply> request, CancellationToken cancellation) =>
        _self is not null && Current.IsAlive(broker) ? request.AnswerAsync(_self) : throw new IOException($"there is no broker {broker}");

    public ValueTask<IBrokerConnection> ConnectAsync(BrokerId broker, CancellationToken cancellation) => throw new IOException($"there is no broker {broker}");
}
