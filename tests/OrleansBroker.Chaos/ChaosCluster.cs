using System.Collections.Concurrent;
using System.Globalization;
using OrleansBroker.Compatibility.Tests;
using OrleansBroker.Compatibility.Tests.Broker;
using OrleansBroker.Grains.Tests.Processes;
using OrleansBroker.Protocol.Messages;

namespace OrleansBroker.Chaos;

/// <summary>Three silos, a process each, on one Redis. One that ends because its cluster takes it to be dead is started again, as silo/run does.</summary>
internal sealed class ChaosCluster : IAsyncDisposable
{
    public const int Brokers = 3;

    private const int RestartMe = 70;

    private const int StartAttemptsMax = 5;

    private static readonly TimeSpan StartTimeout = TimeSpan.FromMinutes(3);

    private readonly string _directory;
    private readonly string[] _settings;
    private readonly Slot[] _slots = [.. Enumerable.Range(0, Brokers).Select(_ => new Slot())];

    private int _ended;

    private ChaosCluster(string directory, Network? network, string[] settings)
    {
        _directory = directory;
        _settings = settings;
        Network = network;
        Redis = new RedisServer(Path.Combine(directory, "redis"), network?.RedisAddress ?? "127.0.0.1");
        Client = new KafkaClient(() => Addresses);
    }

    /// <summary>Null where all are on this machine's own.</summary>
    public Network? Network { get; }

    public RedisServer Redis { get; }

    public KafkaClient Client { get; }

    /// <summary>Where clients connect, by broker.</summary>
    public string[] Addresses => [.. _slots.Select((slot, broker) => string.Create(CultureInfo.InvariantCulture, $"{HostOf(broker)}:{slot.Port}"))];

    /// <summary>Where each broker keeps its logs.</summary>
    public IEnumerable<string> Directories => Enumerable.Range(0, Brokers).Select(DirectoryOf);

    /// <summary>Ends of processes that nobody asked for, other than of such as were declared dead.</summary>
    public ConcurrentQueue<string> Surprises { get; } = new();

    /// <summary>Brokers that ended because their cluster took them to be dead, one after the other.</summary>
    public ConcurrentQueue<int> DeclaredDead { get; } = new();

    /// <param name="settings">Further arguments of every silo; its membership is in Redis where they do not say otherwise.</param>
    public static async Task<ChaosCluster> StartAsync(string directory, Network? network, params string[] settings)
    {
        var cluster = new ChaosCluster(directory, network, settings);
        await cluster.Redis.StartAsync();
        await Task.WhenAll(Enumerable.Range(0, Brokers).Select(broker => cluster.StartAsync(broker)));
        return cluster;
    }

    public bool IsRunning(int broker) => _slots[broker].Silo is { Process.HasExited: false };

    /// <summary>Starts a broker where it is not running.</summary>
    /// <param name="elsewhere">At other ports than before.</param>
    public async Task StartAsync(int broker, bool elsewhere = false)
    {
        var slot = _slots[broker];
        await slot.Starting.WaitAsync();
        try
        {
            slot.IsWanted = true;
            if (!IsRunning(broker))
            {
                await LaunchAsync(broker, elsewhere);
            }
        }
        finally
        {
            slot.Starting.Release();
        }
    }

    /// <summary><c>kill -9</c>.</summary>
    public Task KillAsync(int broker) => EndAsync(broker, silo => silo.KillAsync());

    /// <summary>SIGTERM.</summary>
    public Task StopAsync(int broker) => EndAsync(broker, async silo =>
    {
        // It may be declared dead while it stops.
        if (await silo.StopAsync() is not (0 or RestartMe) and var code)
        {
            Surprises.Enqueue($"broker {broker} was stopped and ended with {code}:\n{silo.Output}");
        }
    });

    public async Task PauseAsync(int broker)
    {
        if (_slots[broker].Silo is { Process.HasExited: false } silo)
        {
            await silo.PauseAsync();
        }
    }

    public void Resume(int broker)
    {
        if (_slots[broker].Silo is { Process.HasExited: false } silo)
        {
            silo.Resume();
        }
    }

    /// <summary>What each broker says of the topics, and what it has written last, for whoever looks into a run that failed.</summary>
    public async Task<string> DescribeAsync()
    {
        var lines = new List<string>();
        foreach (var (broker, slot) in _slots.Index())
        {
            lines.Add($"broker {broker} at {Addresses[broker]}, {(IsRunning(broker) ? "running" : "ended")}");
            try
            {
                var metadata = await KafkaClient.AskAsync<MetadataRequest, MetadataResponse>(Addresses[broker], new MetadataRequest { Topics = null, AllowAutoTopicCreation = false }, 12);
                lines.Add($"  brokers {string.Join(' ', metadata.Brokers.Select(other => other.NodeId))}");
                lines.AddRange(metadata.Topics.SelectMany(topic => topic.Partitions.Select(partition =>
                    $"  {topic.Name}-{partition.PartitionIndex} leader {partition.LeaderId} epoch {partition.LeaderEpoch} in sync {string.Join(' ', partition.IsrNodes)}")));
            }
            catch (Exception e) when (e is IOException or OperationCanceledException)
            {
                lines.Add($"  {e.Message}");
            }

            lines.AddRange((slot.Silo?.Output ?? string.Empty).Split('\n').TakeLast(40).Select(line => "  " + line));
        }

        return string.Join('\n', lines);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var slot in _slots)
        {
            (slot.IsWanted, slot.Ending) = (false, slot.Silo);
            if (slot.Silo is { } silo)
            {
                await silo.DisposeAsync();
            }
        }

        await Redis.DisposeAsync();
    }

    private string HostOf(int broker) => Network?.AddressOf(broker) ?? "127.0.0.1";

    private string DirectoryOf(int broker) => Path.Combine(_directory, $"broker{broker.ToString(CultureInfo.InvariantCulture)}");

    private async Task LaunchAsync(int broker, bool elsewhere)
    {
        var slot = _slots[broker];
        if (slot.Port == 0 || elsewhere)
        {
            (slot.Port, slot.SiloPort) = (RedisServer.FreePort(), RedisServer.FreePort());
        }

        string[] arguments =
        [
            "exec", Repository.SiloPath, .. _settings.Contains("--clustering") ? Array.Empty<string>() : ["--clustering", "redis", "--redis", Redis.Endpoint], "--broker-id", broker.ToString(CultureInfo.InvariantCulture), "--data", DirectoryOf(broker),
            "--silo-listen", string.Create(CultureInfo.InvariantCulture, $"{HostOf(broker)}:{slot.SiloPort}"), "--listen", string.Create(CultureInfo.InvariantCulture, $"{HostOf(broker)}:{slot.Port}"), .. _settings,
        ];
        var (program, all) = Network?.In(broker, "dotnet", arguments) ?? ("dotnet", arguments);
        while (true)
        {
            try
            {
                slot.Silo = await SiloProcess.StartAsync(program, all, StartTimeout);
                _ = SuperviseAsync(broker, slot.Silo);
                return;
            }
            catch (InvalidOperationException e) when (e.Message.StartsWith($"The broker ended with {RestartMe} ", StringComparison.Ordinal))
            {
                // It was declared dead while it still was starting.
                DeclaredDead.Enqueue(broker);
            }
        }
    }

    private async Task EndAsync(int broker, Func<SiloProcess, Task> end)
    {
        var slot = _slots[broker];
        slot.IsWanted = false;
        await slot.Starting.WaitAsync();
        try
        {
            if (slot.Silo is { Process.HasExited: false } silo)
            {
                slot.Ending = silo;
                await end(silo);
            }
        }
        finally
        {
            slot.Starting.Release();
        }
    }

    private async Task SuperviseAsync(int broker, SiloProcess silo)
    {
        await silo.Process.WaitForExitAsync();
        await File.WriteAllTextAsync(Path.Combine(_directory, string.Create(CultureInfo.InvariantCulture, $"broker{broker}.{++_ended}.log")), silo.Output);
        var slot = _slots[broker];
        var code = silo.Process.ExitCode;
        if (code == RestartMe)
        {
            DeclaredDead.Enqueue(broker);
        }
        else if (slot.Ending != silo)
        {
            Surprises.Enqueue($"broker {broker} ended with {code}:\n{silo.Output}");
        }

        for (var attempts = 1; slot.IsWanted && !IsRunning(broker); attempts++)
        {
            try
            {
                await StartAsync(broker);
            }
            catch (InvalidOperationException) when (attempts < StartAttemptsMax)
            {
                // Redis may be out of its reach: a supervisor tries again.
            }
            catch (Exception e) when (e is InvalidOperationException or TimeoutException)
            {
                Surprises.Enqueue($"broker {broker} could not be started again: {e.Message}");
            }
        }
    }

    private sealed class Slot
    {
        private volatile SiloProcess? _silo;

        public SemaphoreSlim Starting { get; } = new(1);

        public SiloProcess? Silo
        {
            get => _silo;
            set => _silo = value;
        }

        /// <summary>The process that was made to end last.</summary>
        public SiloProcess? Ending { get; set; }

        /// <summary>Whether it is to be running.</summary>
        public bool IsWanted { get; set; }

        public int Port { get; set; }

        public int SiloPort { get; set; }
    }
}
