using OrleansBroker.Core.Configuration;
using OrleansBroker.Simulator.Brokers;
using OrleansBroker.Simulator.Engine;
using OrleansBroker.Simulator.Faults;
using OrleansBroker.Simulator.Invariants;
using OrleansBroker.Simulator.Workloads;

namespace OrleansBroker.Simulator;

/// <summary>
/// One run from one seed:
/// <code>
/// brokers start, topics are made -> load and faults -> faults stop -> everything goes on -> producers stop -> consumers read all -> all is read once more
/// </code>
/// </summary>
internal sealed class Scenario
{
    private static readonly TimeSpan StartMax = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan RecoveryMax = TimeSpan.FromSeconds(120);
    private static readonly TimeSpan ReadMax = TimeSpan.FromSeconds(900);
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(100);

    private readonly RunOptions _options;
    private readonly World _world;
    private readonly SimulatedCluster _cluster;
    private readonly Ledger _ledger;
    private readonly GroupLedger _groups;
    private readonly ReplicaObserver _observer;
    private readonly Load _load;
    private readonly Scaling _scaling;
    private readonly FaultOptions _faults;
    private readonly string _plan;

    private Scenario(RunOptions options)
    {
        _options = options;
        _world = new World(options.Seed, options.Trace);
        var chance = _world.Chance.Branch("scenario");
        _cluster = new SimulatedCluster(_world, new ClusterOptions
        {
            Brokers = options.Brokers ?? (chance.Happens(0.75) ? 3 : chance.Between(4, 5)),
            ReplicaLagMs = chance.Between(1_500, 10_000),
            OffsetsPartitions = chance.Between(1, 4),
            CheckpointMs = chance.Between(500, 20_000),
            IsFlushed = chance.Happens(0.1),
            RebalanceMode = chance.Happens(0.5) ? RebalanceModes.AllBrokers : RebalanceModes.NewBrokers,
            RebalanceDelayMs = chance.Between(5_000, 15_000),
            RebalanceMoves = chance.Between(1, 5),
            RebalanceRate = chance.Happens(0.5) ? chance.Between(20_000, 200_000) : 50 << 20,
        });
        _ledger = new Ledger(_world);
        _groups = new GroupLedger(_world);
        _observer = new ReplicaObserver(_cluster, _ledger.IsDurable);
        _load = new Load(_cluster, _ledger, _groups);
        (_faults, _plan) = FaultPlan.Draw(_world.Chance.Branch("plan"));
        _scaling = new Scaling(_cluster, mayLose: _faults is { PowerLossEvery.Ticks: 0, DiskEvery.Ticks: 0, CrashEvery.Ticks: 0 }, () => _load.NewClient("scaling"));
    }

    public static RunResult Run(RunOptions options)
    {
        var scenario = new Scenario(options);
        string? rule = null;
        string? failure = null;
        try
        {
            scenario.Run();
        }
        catch (SimulationFailure e)
        {
            (rule, failure) = (e.Rule, e.Message);
            scenario._world.Note($"FAILED {e.Rule}");
        }

        options.Trace?.Flush();
        return new RunResult(options.Seed, scenario._world.Trace.Hash, scenario._world.Now, $"{scenario._cluster.Brokers.Length} brokers, {scenario._plan}{scenario._scaling}", scenario.Summary(), rule, failure, [.. scenario._world.Trace.Last]);
    }

    private void Run()
    {
        _cluster.Start();
        _observer.Begin(LookInterval);
        Await("the brokers serve", StartMax, () => Array.Find(_cluster.Brokers, broker => broker.Host is null) is { } broker ? $"broker {broker.Id} does not" : null);
        _load.Begin();
        Await("the load begins", StartMax, () => _load.HasBegun ? null : "the topics are not there");
        var injector = new FaultInjector(_cluster, _faults);
        injector.Begin();
        _scaling.Begin(_options.Duration);
        _world.RunUntil(_world.Now + _options.Duration);
        injector.Heal();
        _load.Calm();
        var progress = new Progress(_cluster, _load, _scaling, _ledger);
        Await("everything goes on", RecoveryMax, progress.Missing);
        _load.StopProducers();
        Await("consumers read all", ReadMax, _load.Unread);
        _load.Stop();
        ReadAll();
        AwaitEqualReplicas();
        _observer.IsOver = true;
        _observer.LookAtAll();
    }

    private void ReadAll()
    {
        _world.RunUntil(_world.Now + TimeSpan.FromSeconds(3));
        var client = _load.NewClient("reader");
        var read = new FinalRead(client, _ledger);
        client.Process.Start(read.RunAsync);
        Await("all is read", RecoveryMax, () => read.IsDone ? null : "a partition is not");
    }

    private void AwaitEqualReplicas() => Await("replicas are equal", RecoveryMax, () => _ledger.Topics
        .SelectMany(topic => Enumerable.Range(0, topic.Partitions).Select(partition => _observer.DifferenceIn(new Protocol.TopicPartition(topic.Name, partition))))
        .FirstOrDefault(difference => difference is not null));

    private void Await(string what, TimeSpan most, Func<string?> missing)
    {
        var until = _world.Now + most;
        while (missing() is { } reason)
        {
            if (_world.Now >= until)
            {
                throw new SimulationFailure("no progress", $"{what}: not within {most.TotalSeconds:F0} s: {reason}");
            }

            _world.RunUntil(_world.Now + Step);
        }
    }

    private string Summary() =>
        $"{_ledger.AckedRecords} acknowledged, {_ledger.ReadRecords} read, {_groups.Commits} commits in {_groups.Generations} generations, {_world.Trace.Events} events";
}
