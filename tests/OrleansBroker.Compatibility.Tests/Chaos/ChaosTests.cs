using System.Globalization;
using OrleansBroker.Compatibility.Tests.Broker;
using OrleansBroker.Compatibility.Tests.Drivers;
using Xunit.Abstractions;
using static OrleansBroker.Compatibility.Tests.Drivers.ClientCatalog;

namespace OrleansBroker.Compatibility.Tests.Chaos;

/// <summary>Real clients go on with three brokers that are killed, stopped, paused and cut off.</summary>
public sealed class ChaosTests(ITestOutputHelper output)
{
    private const int Brokers = 3;
    private const int Partitions = 6;
    private const int GroupsPartitions = 50;
    private const string Topic = "chaos";
    private const string Group = "chaos-readers";
    private const string GroupsTopic = "__consumer_offsets";
    private const string Assigned = "assigned";

    private static readonly Dictionary<string, string> Settings = new()
    {
        ["group.initial.rebalance.delay.ms"] = "150",
        ["group.min.session.timeout.ms"] = "1000",
        ["replica.lag.time.max.ms"] = "3000",
        ["log.segment.bytes"] = "1048576",
        ["offsets.topic.num.partitions"] = GroupsPartitions.ToString(CultureInfo.InvariantCulture),
        // What is compacted is not the same everywhere at the same time.
        ["log.cleaner.enable"] = "false",
    };

    /// <summary>
    /// Goal: nothing that a client was told is taken back, whatever happens to a minority of the brokers.
    /// Method: idempotent producers, a group and an assigned consumer work while a nemesis follows a schedule made from a seed
    /// (<c>ORLEANSBROKER_CHAOS_SEED</c>, <c>ORLEANSBROKER_CHAOS_SECONDS</c>). When all is healed, what they were told is compared
    /// with the log, and the logs of the brokers with each other.
    /// </summary>
    [ClientTheory, InlineData(ConfluentPython, ConfluentDotnet, KafkaJs)]
    public async Task What_was_acknowledged_outlives_a_nemesis(string python, string dotnet, string javaScript)
    {
        int seed = FromEnvironment("ORLEANSBROKER_CHAOS_SEED", Random.Shared.Next());
        TimeSpan duration = TimeSpan.FromSeconds(FromEnvironment("ORLEANSBROKER_CHAOS_SECONDS", 20));
        using var directory = new TemporaryDirectory();
        await using ClusterProcess cluster = await ClusterProcess.StartAsync(directory.Path, Brokers, Settings);
        var nemesis = new Nemesis(cluster, seed, duration);
        try
        {
            Verdict verdict = await RunAsync(cluster, nemesis, duration, python, dotnet, javaScript);
            Assert.True(verdict.IsClean, verdict.Offences);
        }
        catch (Exception exception)
        {
            Assert.Fail($"ORLEANSBROKER_CHAOS_SEED={seed} ORLEANSBROKER_CHAOS_SECONDS={duration.TotalSeconds}\n{string.Join('\n', nemesis.Schedule)}\n{exception}\n{cluster.Complaints}");
        }
    }

    private async Task<Verdict> RunAsync(ClusterProcess cluster, Nemesis nemesis, TimeSpan duration, string python, string dotnet, string javaScript)
    {
        string bootstrap = string.Join(',', cluster.Addresses);
        var history = new History(Partitions);
        var workload = new Workload(history, Topic, Group, Partitions);
        await using ClientDriver one = ClientDriver.Start(python, bootstrap);
        await using ClientDriver two = ClientDriver.Start(dotnet, bootstrap);
        await using ClientDriver three = ClientDriver.Start(javaScript, bootstrap);
        await using ClientDriver four = ClientDriver.Start(python, bootstrap);
        await one.CreateTopicAsync(Topic, Partitions);

        using var end = new CancellationTokenSource();
        Task[] clients =
        [
            workload.ProduceAsync(one, "p1", end.Token),
            workload.ProduceAsync(two, "p2", end.Token),
            workload.ShareAsync(three, "m1", end.Token),
            workload.ShareAsync(four, "m2", end.Token),
            workload.FollowAsync(one, Assigned, end.Token),
            workload.WatchCommitsAsync(four, nemesis.Cuts, end.Token),
        ];
        Task all = Task.WhenAll(clients);
        end.CancelAfter(duration);
        await Task.WhenAny(nemesis.RunAsync(end.Token), Task.WhenAny(clients).Unwrap());
        await all;

        await HealedAsync(cluster, four);
        long[] ends = await EndsAsync(four, Topic, Partitions);
        await CaughtUpAsync(history, workload, ends, (three, "m1"), (four, "m2"), one);
        long[] committed = await four.CommittedAsync(Group, Topic, Partitions);
        long[] groupsEnds = await EndsAsync(four, GroupsTopic, GroupsPartitions);
        await cluster.CloseAsync();

        output.WriteLine($"{history.Acknowledged.Count} records acknowledged, {history.Commits} commits, {nemesis.Schedule.Count} steps of the nemesis, a partition was without an acknowledgement for at most {history.LongestWait.TotalSeconds:f1} s, up to {history.LongestWaitEnd.TotalSeconds:f1} s");
        output.WriteLine($"given: {string.Join(", ", history.Seen.Select(each => $"{each.Key} {each.Value.Count}"))}");
        output.WriteLine(string.Join('\n', nemesis.Schedule));
        return Verdict.Of(cluster.Directories, history, (Topic, ends), (GroupsTopic, groupsEnds), Assigned, (committed, ["m1", "m2"]));
    }

    /// <summary>Undoes all that was done, and waits until every replica is in sync again.</summary>
    private static async Task HealedAsync(ClusterProcess cluster, ClientDriver driver)
    {
        await cluster.CallAsync("recover");
        foreach (string topic in new[] { Topic, GroupsTopic })
        {
            await Until.TrueAsync(
                async () => (await driver.CallAsync("describeTopic", new { topic }))!.AsArray().All(each => each!["isr"]!.AsArray().Count == Brokers),
                $"every replica of {topic} is in sync");
        }
    }

    /// <summary>Waits until the group and the assigned consumer have had every record.</summary>
    private static async Task CaughtUpAsync(History history, Workload workload, long[] ends, (ClientDriver Driver, string Name) one, (ClientDriver Driver, string Name) two, ClientDriver assigned)
    {
        await Until.TrueAsync(
            async () =>
            {
                await workload.ProcessAsync(one.Driver, one.Name);
                await workload.ProcessAsync(two.Driver, two.Name);
                await workload.TakeAsync(assigned, Assigned);
                return history.Processed.SequenceEqual(ends) && history.Seen[Assigned].Count >= ends.Sum();
            },
            "every consumer has had every record");
    }

    private static async Task<long[]> EndsAsync(ClientDriver driver, string topic, int partitions) =>
        [.. (await driver.CallAsync<long[][]>("listOffsets", new { topic, partitions = Enumerable.Range(0, partitions) })).OrderBy(row => row[0]).Select(row => row[2])];

    private static int FromEnvironment(string name, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), NumberStyles.Integer, CultureInfo.InvariantCulture, out int value) ? value : otherwise;
}
