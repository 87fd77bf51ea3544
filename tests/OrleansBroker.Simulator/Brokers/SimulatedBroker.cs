using System.Net;
using OrleansBroker.Core.Configuration;
using OrleansBroker.Embedded;
using OrleansBroker.Server.Dispatch;
using OrleansBroker.Server.Network;
using OrleansBroker.Simulation;
using OrleansBroker.Simulator.Engine;
using OrleansBroker.Simulator.Network;
using OrleansBroker.Simulator.Ports;
using OrleansBroker.Storage;

namespace OrleansBroker.Simulator.Brokers;

/// <summary>A broker: a disk that lasts, and one process after the other that runs the real code on it.</summary>
internal sealed class SimulatedBroker(SimulatedCluster cluster, int id)
{
    private const string DataDirectory = "/data";
    private static readonly TimeSpan RestartDelay = TimeSpan.FromSeconds(2);

    private int _boot;
    private bool _endedInDoubt;

    public int Id => id;

    public SimulatedDisk Disk { get; } = new(cluster.World.Chance.Branch($"disk-{id}").Random.Next());

    /// <summary>The process that runs, or the last that did.</summary>
    public SimulatedProcess Process { get; private set; } = null!;

    /// <summary>Null while the broker does not serve.</summary>
    public BrokerHost? Host { get; private set; }

    /// <summary>Counts the broker's processes.</summary>
    public int Life { get; private set; }

    /// <summary>Its machine is gone, and never starts again.</summary>
    public bool IsRetired { get; private set; }

    public bool IsRunning => Process is { IsDead: false };

    /// <summary>The broker epoch of the first start after the last power loss; the greatest value until there was one. Older entries in an ISR speak of another log.</summary>
    public long IntactSince { get; private set; }

    /// <summary>A log has failed: what the page cache holds need not be what was acknowledged, and the next start counts as one that has lost something.</summary>
    public bool IsInDoubt => _endedInDoubt || HasFailedLog;

    private bool HasFailedLog => Host is { } host && host.Services.Logs.Logs.Any(log => log.IsFailed);

    public void Start()
    {
        if (IsRunning || IsRetired)
        {
            return;
        }

        var skew = Process?.Clock.Skew ?? TimeSpan.Zero;
        var process = cluster.World.NewProcess($"broker-{id}.{Life++}");
        process.HasCrashed = () => Disk.HasCrashed;
        process.Crashed = () => Kill("crashes");
        process.Clock.Skew = skew;
        Process = process;
        cluster.World.Note($"broker {id} starts");
        process.Start(() => RunAsync(process));
    }

    /// <summary><c>kill -9</c>: the page cache stays.</summary>
    public void Kill(string why = "is killed")
    {
        if (End(why, withHost: false))
        {
            Disk.ProcessKill();
        }
    }

    /// <summary>The machine loses its power: what was not flushed is gone, wholly or in part.</summary>
    public void LosePower()
    {
        if (!End("loses power", withHost: true))
        {
            cluster.World.Note($"broker {id} loses power while it is down");
        }

        Disk.PowerLoss();
        IntactSince = long.MaxValue;
        _boot++;
    }

    /// <summary>The machine is lost with its disk.</summary>
    public void Retire()
    {
        IsRetired = true;
        LosePower();
    }

    public void Pause()
    {
        if (IsRunning && !Process.IsPaused)
        {
            cluster.World.Note($"broker {id} is paused");
            Process.Pause();
        }
    }

    public void Resume()
    {
        if (IsRunning && Process.IsPaused)
        {
            cluster.World.Note($"broker {id} goes on");
            Process.Resume();
        }
    }

    /// <summary>Stops as an operator stops it: leaderships are handed over first. It is killed where that takes too long.</summary>
    public void Stop()
    {
        if (Host is not { } host || !IsRunning)
        {
            return;
        }

        cluster.World.Note($"broker {id} is asked to stop");
        var process = Process;
        process.Start(() => StopAsync(host, process));
        cluster.World.After(TimeSpan.FromSeconds(30), () =>
        {
            if (process == Process)
            {
                Kill("took too long to stop");
            }
        });
    }

    private bool End(string why, bool withHost)
    {
        if (!IsRunning)
        {
            return false;
        }

        cluster.World.Note($"broker {id} {why}");
        _endedInDoubt |= HasFailedLog;
        Process.Kill();
        Host = null;
        cluster.Network.Unlisten(id);
        cluster.Network.Ended(Process, withHost);
        cluster.Membership.Leave(id);
        return true;
    }

    private async Task StopAsync(BrokerHost host, SimulatedProcess process)
    {
        cluster.Membership.Register(host.Registration with { IsDraining = true });
        await host.Replicas.DrainAsync(CancellationToken.None);
        cluster.Network.Unlisten(id);
        cluster.Membership.Leave(id);
        cluster.AskNoMore(id);
        await host.DisposeAsync();
        End("has stopped", withHost: false);
        Disk.ProcessKill();
    }

    private async Task RunAsync(SimulatedProcess process)
    {
        try
        {
            var host = await BrokerHost.OpenAsync(Options(process), CancellationToken.None);
            IntactSince = IntactSince == long.MaxValue ? host.Registration.Epoch : Math.Max(IntactSince, host.Registration.DataEpoch);
            _endedInDoubt = false;
            cluster.Ask(id, process, host.Peer);
            cluster.Membership.Register(host.Registration);
            await host.StartAsync(CancellationToken.None);
            var endpoints = EndpointTable.Bind(host.Services, new ListenerOptions { Endpoint = new IPEndPoint(IPAddress.Loopback, 9092) });
            cluster.Network.Listen(id, process, socket => ServerSession.Begin(socket, endpoints, "PLAINTEXT"));
            Host = host;
            process.Note($"serves in broker epoch {host.Registration.Epoch}, data since {host.Registration.DataEpoch}");
        }
        catch (Exception e) when (e is IOException or BrokerStartException or DataDirectoryException)
        {
            process.Note($"cannot start: {e.Message}");
            Kill("ends, as it could not start");
            cluster.World.After(RestartDelay, Start);
        }
    }

    private BrokerHostOptions Options(SimulatedProcess process)
    {
        BrokerConfig.TryCreate(cluster.Options.SettingsOf(id), out var config, out var problems);
        return new BrokerHostOptions
        {
            Config = config ?? throw new SimulationFailure("settings", problems[0].ToString()),
            DataDirectory = DataDirectory,
            Files = Disk,
            BootId = $"boot-{_boot}",
            Endpoint = ($"broker-{id}", 9092),
            Documents = () => cluster.Store.For(id),
            Membership = cluster.Membership.Join(process, id),
            Peers = new SimulatedPeers(cluster.Network, process, id, cluster.Peer),
            Connector = new SimulatedBrokerConnector(cluster.Network, process, id),
            Background = new InlineWork(),
            Clock = process.Clock,
            Random = process.Chance.Random,
            Loggers = new SimulatedLoggers(process),
        };
    }
}
