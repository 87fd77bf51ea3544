using OrleansBroker.Core.Configuration;
using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Messages;
using OrleansBroker.Storage.Files;

namespace OrleansBroker.Embedded.Cluster;

/// <summary>
/// A cluster of brokers inside this process, each with a listener and a directory of its own: for <c>silo/run --brokers</c>, and for
/// tests of applications, which may stop, kill, pause and cut off its brokers, and have others join and leave. Clients see an ordinary
/// cluster.
/// </summary>
/// <example>
/// <code>
/// await using var cluster = await EmbeddedCluster.StartAsync(new EmbeddedClusterOptions { DataDirectory = directory });
/// var producer = Connect(cluster.BootstrapServers);
/// await cluster.KillAsync(1);
/// </code>
/// </example>
public sealed class EmbeddedCluster : IAsyncDisposable
{
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(20);

    private readonly EmbeddedClusterOptions _options;
    private readonly FileDocumentStore _documents;
    private readonly InProcessCluster _cluster;
    private volatile EmbeddedClusterBroker[] _brokers;
    private readonly IDisposable _directory;
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly CancellationTokenSource _stopping = new();

    private EmbeddedCluster(EmbeddedClusterOptions options)
    {
        _options = options;
        var data = Path.GetFullPath(options.DataDirectory);
        LocalFileSystem.Instance.CreateDirectory(data);
        _directory = LocalFileSystem.Instance.TryLock(Path.Combine(data, ".cluster.lock"))
            ?? throw new BrokerStartException($"{options.DataDirectory} is in use by another process");
        _documents = new FileDocumentStore(LocalFileSystem.Instance, Path.Combine(data, "documents"));
        _cluster = new InProcessCluster(_documents);
        _brokers = [.. Enumerable.Range(0, options.Brokers).Select(id => new EmbeddedClusterBroker(options, _cluster, id))];
    }

    /// <summary>By id.</summary>
    public IReadOnlyList<EmbeddedClusterBroker> Brokers => _brokers;

    public string ClusterId { get; private set; } = string.Empty;

    /// <summary>The endpoints of all brokers, for <c>bootstrap.servers</c>.</summary>
    public string BootstrapServers => string.Join(",", _brokers.Select(broker => broker.Endpoint));

    /// <summary>Completes when clients can connect to every broker.</summary>
    /// <exception cref="BrokerStartException">For a reason that its message names in one line.</exception>
    public static async Task<EmbeddedCluster> StartAsync(EmbeddedClusterOptions options, CancellationToken cancellation = default)
    {
        EmbeddedCluster cluster;
        try
        {
            cluster = new EmbeddedCluster(options);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new BrokerStartException(e.Message, e);
        }

        try
        {
            foreach (var broker in cluster._brokers)
            {
                await broker.StartAsync(cancellation);
            }

            cluster.ClusterId = cluster._brokers[0].ClusterId;
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>
    /// Has one more broker join. It is given its share of the replicas that there are once nobody has come or gone for
    /// <c>auto.rebalance.delay.ms</c>.
    /// </summary>
    /// <returns>The broker, which runs.</returns>
    /// <exception cref="BrokerStartException">For a reason that its message names in one line.</exception>
    public async Task<EmbeddedClusterBroker> AddBrokerAsync()
    {
        EmbeddedClusterBroker? added = null;
        await InTurnAsync(async () =>
        {
            added = new EmbeddedClusterBroker(_options, _cluster, _brokers.Length);
            await added.StartAsync(CancellationToken.None);
            _brokers = [.. _brokers, added];
        });
        return added!;
    }

    /// <summary>Has all that a broker holds moved to others; completes when it holds nothing. Then it can be stopped for good.</summary>
    /// <param name="cancellation">Ends the wait; <see cref="RecommissionAsync"/> ends the moving. What has more replicas than brokers would be left stays.</param>
    /// <exception cref="InvalidOperationException">The cluster refuses; the message says why.</exception>
    public async Task DecommissionAsync(int broker, CancellationToken cancellation = default)
    {
        await SetDecommissionedAsync(broker, true);
        while (Asked.Services.Metadata.Current is var image
            && !(image.Decommissioned.Contains(_brokers[broker].Id) && image.Topics.All(topic => topic.Partitions.All(partition => Array.IndexOf(partition.Replicas, _brokers[broker].Id) < 0))))
        {
            await Task.Delay(LookInterval, cancellation);
        }
    }

    /// <summary>Takes back that a broker is to leave: it is given its share again.</summary>
    /// <inheritdoc cref="DecommissionAsync" path="/exception"/>
    public Task RecommissionAsync(int broker) => SetDecommissionedAsync(broker, false);

    /// <summary>Starts a broker that was stopped or killed, on the port that it had.</summary>
    /// <exception cref="BrokerStartException">For a reason that its message names in one line.</exception>
    public Task StartAsync(int broker) => InTurnAsync(async () =>
    {
        if (_brokers[broker].State == BrokerState.Stopped)
        {
            await _brokers[broker].StartAsync(CancellationToken.None);
        }
    });

    /// <summary>Stops a broker cleanly: it hands its leaderships over first.</summary>
    public Task StopAsync(int broker) => InTurnAsync(() => _brokers[broker].StopAsync());

    /// <summary>Ends a broker as <c>kill -9</c> would: its connections break, nothing more is answered, and its files stay as they are.</summary>
    public Task KillAsync(int broker) => InTurnAsync(() => _brokers[broker].KillAsync());

    /// <summary>Has a broker do nothing and answer nothing. After <see cref="EmbeddedClusterOptions.DeathAfter"/> the others take it to be dead.</summary>
    public void Pause(int broker)
    {
        _brokers[broker].Pause();
        _ = _brokers[broker].ExpireAsync(_options.DeathAfter, _stopping.Token);
    }

    /// <summary>Has a paused broker go on. One that was taken to be dead meanwhile is started anew, as a supervisor would.</summary>
    public Task ResumeAsync(int broker) => InTurnAsync(async () =>
    {
        if (!_brokers[broker].TryResume())
        {
            await _brokers[broker].KillAsync();
            await _brokers[broker].StartAsync(CancellationToken.None);
        }
    });

    /// <summary>
    /// Cuts a broker off from the others, the documents and the membership; clients still reach it. After
    /// <see cref="EmbeddedClusterOptions.DeathAfter"/> the others take it to be dead.
    /// </summary>
    public void CutOff(int broker)
    {
        _cluster.Faults.Isolate(_brokers[broker].Id);
        _ = _brokers[broker].ExpireAsync(_options.DeathAfter, _stopping.Token);
    }

    /// <summary>Cuts two brokers off from each other; both stay members of the cluster.</summary>
    public void CutOff(int broker, int other) => _cluster.Faults.Cut(new BrokerId(broker), new BrokerId(other));

    /// <summary>Undoes every cut. Brokers that were taken to be dead meanwhile are started anew, as a supervisor would.</summary>
    public Task HealAsync() => InTurnAsync(async () =>
    {
        // They end before anything reaches them.
        var dead = _brokers.Where(broker => broker is { State: BrokerState.Running, IsIsolated: true } && !broker.TryReturn()).ToArray();
        foreach (var broker in dead)
        {
            await broker.KillAsync();
        }

        _cluster.Faults.Heal();
        _cluster.Membership.Refresh();
        foreach (var broker in dead)
        {
            await broker.StartAsync(CancellationToken.None);
        }
    });

    /// <summary>Stops all brokers cleanly.</summary>
    public async ValueTask DisposeAsync()
    {
        await InTurnAsync(async () =>
        {
            if (!_stopping.IsCancellationRequested)
            {
                await _stopping.CancelAsync();
                _cluster.Faults.Heal();
                foreach (var broker in _brokers)
                {
                    await broker.StopAsync();
                }

                _documents.Dispose();
                _directory.Dispose();
            }
        });
    }

    /// <summary>A broker that runs, and knows what the others do.</summary>
    private BrokerHost Asked =>
        Array.Find(_brokers, broker => broker is { State: BrokerState.Running, IsMember: true, IsIsolated: false })?.Host ?? throw new InvalidOperationException("no broker runs that could be asked");

    private async Task SetDecommissionedAsync(int broker, bool isSet)
    {
        var operation = isSet ? ConfigOperation.Set : ConfigOperation.Delete;
        var response = await Asked.Services.Topics.IncrementalAlterConfigsAsync(
            new IncrementalAlterConfigsRequest
            {
                Resources =
                [
                    new()
                    {
                        ResourceType = (sbyte)ConfigResourceType.Broker,
                        ResourceName = _brokers[broker].Id.ToString(),
                        Configs = [new() { Name = BrokerConfig.DecommissionName, ConfigOperation = (sbyte)operation, Value = isSet ? "true" : null }],
                    },
                ],
            },
            CancellationToken.None);
        if (response.Responses[0] is { ErrorCode: not ErrorCode.None } refused)
        {
            throw new InvalidOperationException($"broker {broker}: {refused.ErrorCode} {refused.ErrorMessage}");
        }
    }

    private async Task InTurnAsync(Func<Task> action)
    {
        await _turn.WaitAsync();
        try
        {
            await action();
        }
        finally
        {
            _turn.Release();
        }
    }
}
