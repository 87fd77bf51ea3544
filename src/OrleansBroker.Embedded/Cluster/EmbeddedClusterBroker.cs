using OrleansBroker.Protocol;

namespace OrleansBroker.Embedded.Cluster;

/// <summary>One broker of an <see cref="EmbeddedCluster"/>, through all its lives.</summary>
public sealed class EmbeddedClusterBroker
{
    private readonly EmbeddedClusterOptions _options;
    private readonly InProcessCluster _cluster;
    private readonly PauseGate _gate = new();
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
        :
        [
            .. host.Services.Partitions.All
                .OrderBy(partition => partition.Name.Topic, StringComparer.Ordinal)
                .ThenBy(partition => partition.Name.Partition)
                .Select(partition => new ReplicaStatus(
                    partition.Name, partition.IsLeader, partition.State.Leader, partition.LeaderEpoch, Array.ConvertAll(partition.State.Isr, member => member.Broker),
                    partition.LogStartOffset, partition.HighWatermark, partition.Log.LogEndOffset)),
        ];

    internal string ClusterId => _broker!.Host!.Services.Logs.ClusterId;

    /// <summary>Whether the broker runs and the others take it to be alive.</summary>
    internal bool IsMember => _broker?.Host is { } host && _cluster.Membership.Contains(host.Registration);

    internal async Task StartAsync(string? clusterId, CancellationToken cancellation)
    {
        var links = new InProcessLinks(_cluster, Id, _gate);
        try
        {
            var options = _options.OptionsOf(Id.Value, _port) with { Clock = new PausableTime(TimeProvider.System, _gate) };
            _broker = await ListeningBroker.StartAsync(options, links, clusterId, cancellation);
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

    internal async Task StopAsync()
    {
        if (_broker is { } broker && State != BrokerState.Stopped)
        {
            Resume();
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
            _links!.Sever();
            await _links.LeaveAsync();
            _gate.Open();
            await broker.KillAsync();
        }
    }

    internal void Pause()
    {
        if (State == BrokerState.Running)
        {
            State = BrokerState.Paused;
            _gate.Close();
            _broker!.Pause();
        }
    }

    internal void Resume()
    {
        if (State == BrokerState.Paused)
        {
            State = BrokerState.Running;
            _broker!.Resume();
            _gate.Open();
        }
    }

    /// <summary>The others take the broker to be dead; it does not know yet.</summary>
    internal void Expire()
    {
        if (_broker?.Host is { } host)
        {
            _cluster.Membership.Remove(host.Registration);
        }
    }
}
