using System.Diagnostics;
using OrleansBroker.Compatibility.Tests;
using OrleansBroker.Compatibility.Tests.Chaos;
using OrleansBroker.Compatibility.Tests.Drivers;
using OrleansBroker.Protocol.Messages;

namespace OrleansBroker.Chaos;

/// <summary>A load of unique records on three silos, faults one after the other, and what must hold when all is healed.</summary>
internal sealed class ChaosRun(ChaosCluster cluster, bool withGroup, Action<string> say) : IAsyncDisposable
{
    public const string Topic = "chaos";
    public const int Partitions = 6;

    private const string Group = "chaos-readers";
    private const string GroupsTopic = "__consumer_offsets";
    private const string Assigned = "assigned";

    private static readonly TimeSpan HealedWithin = TimeSpan.FromMinutes(3);

    /// <summary>For each silo.</summary>
    public static readonly string[] Settings =
    [
        "--set", "group.initial.rebalance.delay.ms=150", "--set", "group.min.session.timeout.ms=1000", "--set", "replica.lag.time.max.ms=3000",
        "--set", "log.segment.bytes=1048576", "--set", "offsets.topic.num.partitions=8",

        // What is compacted is not the same everywhere at the same time.
        "--set", "log.cleaner.enable=false",
    ];

    private readonly History _history = new(Partitions);
    private readonly Cuts _cuts = new();
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private readonly CancellationTokenSource _end = new();
    private readonly List<ClientDriver> _drivers = [];
    private readonly List<Task> _load = [];

    public List<Episode> Episodes { get; } = [];

    public History History => _history;

    public TimeSpan Elapsed => _clock.Elapsed;

    private Workload Workload => new(_history, Topic, Group, Partitions);

    /// <summary>Waits until every replica is in sync.</summary>
    public static async Task WholeAsync(ChaosCluster cluster)
    {
        var began = Stopwatch.GetTimestamp();
        while (!await IsWholeAsync(cluster))
        {
            if (Stopwatch.GetElapsedTime(began) > HealedWithin)
            {
                throw new TimeoutException($"waited for {HealedWithin} in vain until every replica is in sync");
            }

            await Task.Delay(50);
        }
    }

    public async Task StartAsync()
    {
        await Until.TrueAsync(async () => await cluster.Client.TryAskAnyAsync<CreateTopicsRequest, CreateTopicsResponse>(
            new CreateTopicsRequest { TimeoutMs = 30_000, Topics = [new() { Name = Topic, NumPartitions = Partitions, ReplicationFactor = ChaosCluster.Brokers }] },
            7,
            response => response.Topics[0].ErrorCode is ErrorCode.None or ErrorCode.TopicAlreadyExists) is not null, "the topic is there");
        await WholeAsync(cluster);
        _load.Add(new IdempotentProducer(cluster.Client, _history, Topic, "own1").RunAsync(Partitions, _end.Token));
        _load.Add(new IdempotentProducer(cluster.Client, _history, Topic, "own2").RunAsync(Partitions, _end.Token));
        if (withGroup)
        {
            await StartGroupAsync();
        }

        await MoreAsync();
    }

    /// <summary>Has a fault last for so long, and waits until all is well again.</summary>
    /// <param name="settle">Whether to wait: the next fault may come into the middle of what this one left.</param>
    public async Task SufferAsync(Fault fault, int broker, TimeSpan duration, bool settle = true)
    {
        _history.TakeLongestWait();
        var began = _clock.Elapsed;
        var deaths = cluster.DeclaredDead.Count;
        _cuts.Begun += fault.IsCut ? 1 : 0;
        await fault.HarmAsync(cluster, broker);
        var known = await KnownAsync(fault, broker, duration);
        await Task.Delay(TimeSpan.FromTicks(Math.Max(0, (began + duration - _clock.Elapsed).Ticks)));
        await fault.CureAsync(cluster, broker);
        _cuts.Healed += fault.IsCut ? 1 : 0;
        var lasted = _clock.Elapsed - began;
        if (settle)
        {
            await WholeAsync(cluster);
            await MoreAsync();
        }

        var (stall, partition) = _history.TakeLongestWait();
        var wrong = cluster.DeclaredDead.Skip(deaths).Count(dead => dead == broker == fault.IsOfOthers);
        Episodes.Add(new Episode(fault.Name, broker, began, lasted, stall, partition, known, wrong));
        say(Episodes[^1].ToString());
    }

    /// <summary>Ends the load, heals everything, stops the brokers, and compares what clients were told with what is on the disks.</summary>
    public async Task<Verdict> JudgeAsync()
    {
        await _end.CancelAsync();
        await Task.WhenAll(_load);
        await WholeAsync(cluster);
        var ends = await EndsAsync(Topic);
        var groupsEnds = withGroup ? await EndsAsync(GroupsTopic) : [];
        long[] committed = [];
        if (withGroup)
        {
            await CaughtUpAsync(ends);
            committed = await _drivers[1].CommittedAsync(Group, Topic, Partitions);
            groupsEnds = await EndsAsync(GroupsTopic);
        }

        foreach (var driver in _drivers)
        {
            await driver.DisposeAsync();
        }

        // The last ones have nobody left to hand over to, and are not what this is about.
        await Task.WhenAll(Enumerable.Range(0, ChaosCluster.Brokers).Select(cluster.StopAsync));
        var directories = cluster.Directories.ToArray();
        var verdict = withGroup
            ? Verdict.Of(directories, _history, (Topic, ends), (GroupsTopic, groupsEnds), Assigned, (committed, ["m1", "m2"]))
            : Verdict.Of(directories, _history, (Topic, ends));
        foreach (var surprise in cluster.Surprises)
        {
            verdict.Require(false, surprise);
        }

        return verdict;
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        foreach (var driver in _drivers)
        {
            await driver.DisposeAsync();
        }

        _end.Dispose();
    }

    private static async Task<bool> IsWholeAsync(ChaosCluster cluster) =>
        await cluster.Client.IsWholeAsync(Topic, ChaosCluster.Brokers)
            && (await cluster.Client.TryMetadataAsync(GroupsTopic) is null || await cluster.Client.IsWholeAsync(GroupsTopic, ChaosCluster.Brokers));

    private async Task StartGroupAsync()
    {
        var bootstrap = string.Join(',', cluster.Addresses);
        _drivers.AddRange([ClientDriver.Start(ClientCatalog.ConfluentPython, bootstrap), ClientDriver.Start(ClientCatalog.ConfluentPython, bootstrap)]);
        _load.Add(Workload.ProduceAsync(_drivers[0], "librdkafka", _end.Token));
        _load.Add(Workload.ShareAsync(_drivers[0], "m1", _end.Token));
        _load.Add(Workload.ShareAsync(_drivers[1], "m2", _end.Token));
        _load.Add(Workload.FollowAsync(_drivers[0], Assigned, _end.Token));
        _load.Add(Workload.WatchCommitsAsync(_drivers[1], _cuts, _end.Token));
        await Until.TrueAsync(() => Task.FromResult(_history.Commits > 0 || _load.Exists(task => task.IsFaulted)), "the group has committed");
    }

    /// <summary>Waits until every partition has had more acknowledgements, or the load has failed.</summary>
    private async Task MoreAsync()
    {
        var before = _history.AcknowledgedOf();
        await Until.TrueAsync(() => Task.FromResult(_history.AcknowledgedOf().Zip(before).All(pair => pair.First > pair.Second) || _load.Exists(task => task.IsFaulted)), "every partition takes records");
        foreach (var failed in _load.Where(task => task.IsFaulted))
        {
            await failed;
        }
    }

    /// <summary>How long it takes until another broker shows clients fewer brokers.</summary>
    private async Task<TimeSpan?> KnownAsync(Fault fault, int broker, TimeSpan duration)
    {
        var began = Stopwatch.GetTimestamp();
        var other = cluster.Addresses[fault.IsOfOthers ? broker : (broker + 1) % ChaosCluster.Brokers];
        while (fault.Name is "kill" or "kill-two" or "pause-past-death" && Stopwatch.GetElapsedTime(began) < duration)
        {
            try
            {
                var metadata = await KafkaClient.AskAsync<MetadataRequest, MetadataResponse>(other, new MetadataRequest { Topics = [] }, 12);
                if (metadata.Brokers.Length <= (fault.IsOfOthers ? 1 : ChaosCluster.Brokers - 1))
                {
                    return Stopwatch.GetElapsedTime(began);
                }
            }
            catch (Exception e) when (e is IOException or OperationCanceledException)
            {
                // It has trouble of its own.
            }

            await Task.Delay(10);
        }

        return null;
    }

    private async Task<long[]> EndsAsync(string topic)
    {
        long[]? ends = null;
        await Until.TrueAsync(
            async () =>
            {
                try
                {
                    return (ends = await cluster.Client.TryEndsAsync(topic)) is not null;
                }
                catch (Exception e) when (e is IOException or OperationCanceledException)
                {
                    return false;
                }
            },
            $"the ends of {topic} are known");
        return ends!;
    }

    /// <summary>Waits until the group and the assigned consumer have had every record.</summary>
    private Task CaughtUpAsync(long[] ends) => Until.TrueAsync(
        async () =>
        {
            await Workload.ProcessAsync(_drivers[0], "m1");
            await Workload.ProcessAsync(_drivers[1], "m2");
            await Workload.TakeAsync(_drivers[0], Assigned);
            return _history.Processed.SequenceEqual(ends) && _history.Seen[Assigned].Count >= ends.Sum();
        },
        "every consumer has had every record");
}
