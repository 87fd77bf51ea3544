using OrleansBroker.Protocol;

namespace OrleansBroker.Embedded.Cluster;

/// <summary>One broker of an <see cref="EmbeddedCluster"/>, through all its lives.</summary>
public sealed class EmbeddedClusterBroker
{
    private readonly EmbeddedClusterOptions _options;
    private readonly InProcessCluster _cluster;
    private readonly PauseGate _gate = new();

    // A broker is not taken to be dead by some and goes on by others at the same moment.
    private readonly Lock _presence = new();
    private int _absence;
    private ListeningBroker? _broker;
    private InProcessLinks? _links;
    private int _port;

    internal EmbeddedClusterBroker(EmbeddedClusterOptions options, InProcessCluster cluster, int id)
    {
        _options = options;
        _cluster = cluster;
        Id = new BrokerId(id);
        _port = options.Port == 0 ? 0 : options.Port + id;
    }

    public BrokerId Id { get; }

    public BrokerState State { get; private set; } = BrokerState.Stopped;

    /// <summary>Where clients connect: <c>host:port</c>; the same in every life. Empty before the first.</summary>
    public string Endpoint { get; private set; } = string.Empty;

    /// <summary>What the broker knows of its replicas, in the order of their names; empty where it has stopped.</summary>
    public IReadOnlyList<ReplicaStatus> Replicas => State == BrokerState.Stopped || _broker?.Host is not { } host
        ? []
        : ReplicaStatus.AllOf(host);

    /// <summary>Null before the first life.</summary>
    internal BrokerHost? Host => _broker?.Host;

    internal string ClusterId => _broker!.Host!.Services.Logs.ClusterId;

    /// <summary>Whether the broker runs and the others take it to be alive.</summary>
    internal bool IsMember => _broker?.Host is { } host && _cluster.Membership.Contains(host.Registration);

    /// <summary>Whether the broker is cut off from all others, the documents and the membership.</summary>
    internal bool IsIsolated => _cluster.Faults.IsIsolated(Id);

    internal async Task StartAsync(CancellationToken cancellation)
    {
        var links = new InProcessLinks(_cluster, Id, _gate);
        try
        {
            var options = _options.OptionsOf(Id.Value, _port) with { Clock = new PausableTime(TimeProvider.System, _gate) };
            _broker = await ListeningBroker.StartAsync(options, links, cancellation);
            _links = links;
            Endpoint = _broker.Endpoint;
            _port = int.Parse(Endpoint.AsSpan(Endpoint.LastIndexOf(':') + 1), System.Globalization.CultureInfo.InvariantCulture);
            State = BrokerState.Running;
        }
        catch
        {
            links.Sever();
            throw;
        }
    }

    /// <summary>Stops cleanly; a paused broker goes on for that, or ends where it is dead to the others.</summary>
    internal async Task StopAsync()
    {
        if (!TryResume())
        {
            await KillAsync();
        }
        else if (_broker is { } broker && State != BrokerState.Stopped)
        {
            State = BrokerState.Stopped;
            await broker.DisposeAsync();
            _links!.Sever();
        }
    }

    internal async Task KillAsync()
    {
        if (_broker is { } broker && State != BrokerState.Stopped)
        {
            State = BrokerState.Stopped;

            // Nothing that goes on after this reaches anybody: clients neither, before another leads what this one led.
            broker.Pause();
            _links!.Sever();
            await _links.LeaveAsync();
            _gate.Open();
            await broker.KillAsync();
        }
    }

    internal void Pause()
    {
        lock (_presence)
        {
            if (State == BrokerState.Running)
            {
                State = BrokerState.Paused;
                _gate.Close();
                _broker!.Pause();
            }
        }
    }

    /// <summary>Goes on after a pause, knowing the membership as it is now.</summary>
    /// <returns>False where the broker is dead to the others: it stays paused, and is to be killed.</returns>
    internal bool TryResume()
    {
        lock (_presence)
        {
            if (State == BrokerState.Paused && (IsMember || IsIsolated))
            {
                // One that is cut off cannot know what it has missed.
                if (!IsIsolated)
                {
                    _links!.ReadMembership();
                }

                State = BrokerState.Running;
                _absence++;
                _gate.Open();
                _broker!.Resume();
            }

            return State != BrokerState.Paused;
        }
    }

    /// <summary>The broker does not show any more that it lives: after a while the others take it to be dead. It does not hear of that.</summary>
    internal async Task ExpireAsync(TimeSpan deathAfter, CancellationToken cancellation)
    {
        var absence = _absence;
        try
        {
            await Task.Delay(deathAfter, cancellation);
        }
        catch (OperationCanceledException)
        {
            return;
        }

        lock (_presence)
        {
            if (absence == _absence && (State == BrokerState.Paused || IsIsolated) && _broker?.Host is { } host)
            {
                _cluster.Membership.Remove(host.Registration);
            }
        }
    }

    /// <summary>The broker shows again that it lives, if it is not too late.</summary>
    /// <returns>False where it is dead to the others.</returns>
    internal bool TryReturn()
    {
        lock (_presence)
        {
            _absence++;
            return IsMember;
        }
    }
}
