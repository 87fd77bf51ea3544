using OrleansBroker.Core.Peers;
using OrleansBroker.Core.Ports;
using OrleansBroker.Protocol;
using OrleansBroker.Server.Network;

namespace OrleansBroker.Embedded.Cluster;

/// <summary>
/// The links of one broker of an <see cref="EmbeddedCluster"/>, in one life: the others are asked by calls, and fetched from over
/// their listeners. All of it fails where the broker is cut off, and for good once it is severed.
/// </summary>
internal sealed class InProcessLinks : IClusterLinks, IPeers, IBrokerConnector, IDocumentStore
{
    private readonly InProcessCluster _cluster;
    private readonly BrokerId _self;
    private readonly PauseGate _gate;
    private readonly MemberView _view;
    private readonly BrokerConnector _connector;
    private readonly List<CuttableConnection> _connections = [];
    private BrokerHost? _host;
    private volatile bool _isSevered;

    public InProcessLinks(InProcessCluster cluster, BrokerId self, PauseGate gate)
    {
        _cluster = cluster;
        _self = self;
        _gate = gate;
        _view = cluster.Membership.NewView(() => !_isSevered && !gate.IsClosed && !cluster.Faults.IsIsolated(self));
        _connector = new BrokerConnector(_view, $"broker-{self}");
        cluster.Faults.Changed += CloseCut;
    }

    public IDocumentStore Documents => this;

    public IMembership Membership => _view;

    public IPeers Peers => this;

    public IBrokerConnector Connector => this;

    public async ValueTask JoinAsync(BrokerHost host, CancellationToken cancellation)
    {
        await CheckAsync(cancellation);
        _host = host;
        _cluster.Hosts[_self] = this;
        _cluster.Membership.Put(host.Registration);
    }

    public ValueTask DrainAsync()
    {
        if (_host is not null && _cluster.Membership.Contains(_host.Registration))
        {
            _cluster.Membership.Put(_host.Registration with { IsDraining = true });
        }

        return ValueTask.CompletedTask;
    }

    public ValueTask LeaveAsync()
    {
        if (_host is not null)
        {
            _cluster.Membership.Remove(_host.Registration);
        }

        return ValueTask.CompletedTask;
    }

    /// <summary>The broker goes on after a pause: it sees the membership as it is now.</summary>
    public void ReadMembership() => _cluster.Membership.Read(_view);

    /// <summary>This life has ended: whatever it still tries fails.</summary>
    public void Sever()
    {
        _isSevered = true;
        _cluster.Faults.Changed -= CloseCut;
        _cluster.Membership.Forget(_view);
        CloseCut();
    }

    public async ValueTask<TReply> AskAsync<TReply>(BrokerId broker, PeerRequest<TReply> request, CancellationToken cancellation)
    {
        await CheckAsync(broker, cancellation);
        if (!_cluster.Hosts.TryGetValue(broker, out var other) || other is not { _host: { } host, _isSevered: false })
        {
            throw new IOException($"there is no broker {broker}");
        }

        try
        {
            var reply = await Task.Run(() => other.AnswerAsync(host, request), cancellation).WaitAsync(request.AnswerWithin, cancellation);
            await CheckAsync(broker, cancellation);
            return reply;
        }
        catch (TimeoutException e)
        {
            throw new IOException($"broker {broker} did not answer in time", e);
        }
        catch (Exception e) when (e is not IOException && !cancellation.IsCancellationRequested)
        {
            // It is about to end, as a rule: who asks sees no more of that than of a connection that breaks.
            throw new IOException($"broker {broker} failed to answer: {e.Message}", e);
        }
    }

    public async ValueTask<IBrokerConnection> ConnectAsync(BrokerId broker, CancellationToken cancellation)
    {
        await CheckAsync(broker, cancellation);
        var connection = new CuttableConnection(await _connector.ConnectAsync(broker, cancellation), () => CheckAsync(broker, CancellationToken.None), () => IsCut(broker));
        lock (_connections)
        {
            _connections.RemoveAll(each => each.IsClosed);
            _connections.Add(connection);
        }

        return connection;
    }

    public async ValueTask<StoredDocument?> ReadAsync(string name, CancellationToken cancellation)
    {
        await CheckAsync(cancellation);
        return await _cluster.Documents.ReadAsync(name, cancellation);
    }

    public async ValueTask<string?> WriteAsync(string name, ReadOnlyMemory<byte> content, string? expectedETag, CancellationToken cancellation)
    {
        await CheckAsync(cancellation);
        var etag = await _cluster.Documents.WriteAsync(name, content, expectedETag, cancellation);
        await CheckAsync(cancellation);
        return etag;
    }

    public async ValueTask<bool> DeleteAsync(string name, string expectedETag, CancellationToken cancellation)
    {
        await CheckAsync(cancellation);
        return await _cluster.Documents.DeleteAsync(name, expectedETag, cancellation);
    }

    private async Task<TReply> AnswerAsync<TReply>(BrokerHost host, PeerRequest<TReply> request)
    {
        await CheckLifeAsync();
        var reply = await request.AnswerAsync(host.Peer);
        await CheckLifeAsync();
        return reply;
    }

    /// <summary>Waits while the broker is paused.</summary>
    private async Task CheckLifeAsync()
    {
        await _gate.PassAsync(CancellationToken.None);
        if (_isSevered)
        {
            throw new IOException($"broker {_self} has ended");
        }
    }

    private bool IsCut(BrokerId broker) => _isSevered || _cluster.Faults.IsCut(_self, broker);

    private async Task CheckAsync(CancellationToken cancellation)
    {
        await _gate.PassAsync(cancellation);
        if (_isSevered || _cluster.Faults.IsIsolated(_self))
        {
            throw new IOException($"broker {_self} is cut off");
        }
    }

    private async Task CheckAsync(BrokerId broker, CancellationToken cancellation)
    {
        await _gate.PassAsync(cancellation);
        if (IsCut(broker))
        {
            throw new IOException($"broker {broker} cannot be reached");
        }
    }

    private void CloseCut()
    {
        CuttableConnection[] open;
        lock (_connections)
        {
            open = [.. _connections];
        }

        foreach (var connection in open)
        {
            connection.CloseIfCut();
        }
    }
}
