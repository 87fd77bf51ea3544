using System.Globalization;
using OrleansBroker.Compatibility.Tests.Broker;
using OrleansBroker.Embedded.Cluster;
using OrleansBroker.Embedded.Tests.Cluster;
using OrleansBroker.Protocol.Messages;

namespace OrleansBroker.Grains.Tests.Processes;

/// <summary>Three silos, a process each, on one Redis or on stores that are given.</summary>
internal sealed class ProcessCluster : IAsyncDisposable
{
    public const int Brokers = 3;

    private readonly TemporaryDirectory _directory = new();
    private readonly SiloProcess?[] _silos = new SiloProcess?[Brokers];
    private readonly int[] _siloPorts = [.. Enumerable.Range(0, Brokers).Select(_ => RedisServer.FreePort())];

    // A broker comes back where clients know it.
    private readonly int[] _ports = new int[Brokers];

    private readonly string[] _stores;

    private ProcessCluster(string[] stores)
    {
        Redis = new RedisServer(_directory.Below("redis"));
        _stores = stores is [] ? ["--clustering", "redis", "--redis", $"127.0.0.1:{Redis.Port}"] : stores;
        Client = new ClusterClient(() => [.. _silos.Select((silo, broker) => new ClusterClient.Broker(
            $"127.0.0.1:{_ports[broker]}", silo is { Process.HasExited: false } && broker != Paused ? BrokerState.Running : BrokerState.Stopped, []))]);
    }

    public RedisServer Redis { get; }

    public ClusterClient Client { get; }

    /// <summary>-1 for none.</summary>
    public int Paused { get; private set; } = -1;

    /// <param name="stores">What the command line says of them; a Redis of its own where it says nothing.</param>
    public static async Task<ProcessCluster> StartAsync(params string[] stores)
    {
        var cluster = new ProcessCluster(stores);
        if (stores is [])
        {
            await cluster.Redis.StartAsync();
        }

        await Task.WhenAll(Enumerable.Range(0, Brokers).Select(cluster.StartAsync));
        for (var broker = 0; broker < Brokers; broker++)
        {
            await cluster.Client.UntilAsync(async () => (await cluster.Client.MetadataAsync(broker)).Brokers.Length == Brokers, $"broker {broker} sees the others");
        }

        return cluster;
    }

    public async Task StartAsync(int broker)
    {
        _silos[broker] = await SiloProcess.StartAsync(
            [.. _stores, "--broker-id", broker.ToString(CultureInfo.InvariantCulture),
            "--silo-listen", $"127.0.0.1:{_siloPorts[broker]}", "--listen", $"127.0.0.1:{_ports[broker]}", "--data", DataOf(broker)]);
        _ports[broker] = _silos[broker]!.Port;
    }

    /// <summary>Starts a broker where nobody knows it, with the data that it had.</summary>
    public Task StartElsewhereAsync(int broker)
    {
        (_siloPorts[broker], _ports[broker]) = (RedisServer.FreePort(), 0);
        return StartAsync(broker);
    }

    /// <summary>Another process with the number of a broker that runs, and with data of its own: how it ends.</summary>
    public Task<(int ExitCode, string Output)> StartSecondAsync(int broker) => RunToEndAsync(broker, "--data", _directory.Below("second"));

    /// <summary>A broker of another cluster, with the data of one that has ended: how it ends.</summary>
    public async Task<(int ExitCode, string Output)> StartInOtherClusterAsync(int broker)
    {
        // The first broker of a cluster says which it is.
        await using (var first = await SiloProcess.StartAsync([.. ArgumentsOf(broker), "--data", _directory.Below("another"), "--cluster", "another"]))
        {
            await first.StopAsync();
        }

        return await RunToEndAsync(broker, "--data", DataOf(broker), "--cluster", "another");
    }

    public Task KillAsync(int broker) => _silos[broker]!.KillAsync();

    /// <summary>SIGTERM; the exit code.</summary>
    public Task<int> StopAsync(int broker) => _silos[broker]!.StopAsync();

    public async Task PauseAsync(int broker)
    {
        await _silos[broker]!.PauseAsync();
        Paused = broker;
    }

    /// <summary>The process goes on as if nothing had been.</summary>
    public void GoOn(int broker)
    {
        _silos[broker]!.Resume();
        Paused = -1;
    }

    /// <summary>The process goes on, and finds itself declared dead; its exit code.</summary>
    public Task<int> ResumeAsync(int broker)
    {
        _silos[broker]!.Resume();
        return _silos[broker]!.WaitForExitAsync();
    }

    /// <summary>The leader of the topic's only partition and its in-sync replicas, as a broker that runs says.</summary>
    public async Task<MetadataResponse.MetadataResponsePartition?> PartitionAsync(string topic)
    {
        for (var broker = 0; broker < Brokers; broker++)
        {
            try
            {
                if (broker != Paused && _silos[broker] is { Process.HasExited: false } && await Client.FindAsync(broker, topic) is { } found)
                {
                    return found.Partitions[0];
                }
            }
            catch (IOException)
            {
                // The next one may know.
            }
        }

        return null;
    }

    /// <summary>Waits until every broker has logged something.</summary>
    public Task ToldAsync(string text) => Client.UntilAsync(() => Task.FromResult(_silos.All(silo => silo!.Output.Contains(text, StringComparison.Ordinal))), $"every broker says that {text}");

    public Task WholeAsync(string topic) => Client.UntilAsync(async () => await PartitionAsync(topic) is { IsrNodes.Length: Brokers }, $"all replicas of {topic} are in sync");

    /// <summary>Sends a record until it is acknowledged by all in-sync replicas. A lost answer may double it.</summary>
    public Task ProduceAsync(string topic, string value) => Client.UntilAsync(
        async () =>
        {
            try
            {
                using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(2));
                return await PartitionAsync(topic) is { LeaderId: >= 0 } partition && partition.LeaderId != Paused
                    && await Client.ProduceAsync(partition.LeaderId, topic, value, cancellation: patience.Token) == ErrorCode.None;
            }
            catch (Exception e) when (e is IOException or OperationCanceledException)
            {
                return false;
            }
        },
        $"'{value}' is acknowledged");

    public async ValueTask DisposeAsync()
    {
        foreach (var silo in _silos.OfType<SiloProcess>())
        {
            await silo.DisposeAsync();
        }

        await Redis.DisposeAsync();
        _directory.Dispose();
    }

    private string DataOf(int broker) => _directory.Below($"broker{broker}");

    private Task<(int ExitCode, string Output)> RunToEndAsync(int broker, params string[] arguments) => SiloProcess.RunToEndAsync([.. ArgumentsOf(broker), .. arguments]);

    /// <summary>Of a process beside those of the cluster.</summary>
    private string[] ArgumentsOf(int broker) =>
    [
        .. _stores, "--broker-id", broker.ToString(CultureInfo.InvariantCulture),
        "--silo-listen", $"127.0.0.1:{RedisServer.FreePort()}", "--listen", "127.0.0.1:0",
    ];
}
