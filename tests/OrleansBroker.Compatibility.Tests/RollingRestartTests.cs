using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using OrleansBroker.Compatibility.Tests.Broker;
using OrleansBroker.Compatibility.Tests.Chaos;
using OrleansBroker.Compatibility.Tests.Drivers;
using static OrleansBroker.Compatibility.Tests.Drivers.ClientCatalog;

namespace OrleansBroker.Compatibility.Tests;

/// <summary>Every broker of three is stopped and started again, one after the other, under clients that just go on.</summary>
public sealed class RollingRestartTests
{
    private const int Brokers = 3;
    private const int Partitions = 6;
    private const int ChunkRecords = 20;

    private static readonly Dictionary<string, string> Settings = new()
    {
        ["group.initial.rebalance.delay.ms"] = "150",
        ["group.min.session.timeout.ms"] = "1000",
    };

    // Two clients cannot: kafka-python's own threads trip over each other when a connection goes ("Invalid file object"), and the
    // consumer of @platformatic/kafka ends when the broker that it fetches from is not among those that live ("Cannot find broker").
    [ClientTheory, Clients(Except = [Kcat, KafkaPython, Platformatic])]
    public async Task A_producer_and_a_member_go_on_over_a_rolling_restart(string client)
    {
        using var directory = new TemporaryDirectory();
        await using ClusterProcess cluster = await ClusterProcess.StartAsync(directory.Path, Brokers, Settings);
        await using ClientDriver driver = ClientDriver.Start(client, string.Join(',', cluster.Addresses));
        string topic = Unique.Name(client);
        try
        {
            await RestartEachAsync(cluster, driver, topic);
        }
        catch (Exception exception)
        {
            Assert.Fail($"{exception}\n{await cluster.DescribeAsync(topic)}");
        }
    }

    /// <summary>The controller is stopped too: whoever is it then answers.</summary>
    [ClientTheory, Clients(Except = [Kcat])]
    public async Task Topics_are_managed_whichever_broker_is_down(string client)
    {
        using var directory = new TemporaryDirectory();
        await using ClusterProcess cluster = await ClusterProcess.StartAsync(directory.Path, Brokers, Settings);
        foreach (int broker in cluster.Ids)
        {
            await cluster.DoAsync("stop", broker);
            await using ClientDriver driver = ClientDriver.Start(client, cluster.Addresses[(broker + 1) % Brokers]);
            string topic = Unique.Name(client);
            await driver.CallAsync("createTopic", new { topic, partitions = Partitions, replication = Brokers - 1 });
            await driver.ProduceAsync(topic, Unique.Dealt(topic, 12, Partitions));
            await driver.CallAsync("deleteTopic", new { topic });
            await cluster.DoAsync("start", broker);
        }
        await cluster.CloseAsync();
    }

    private static async Task RestartEachAsync(ClusterProcess cluster, ClientDriver driver, string topic)
    {
        string group = $"group-of-{topic}";
        await driver.CreateTopicAsync(topic, Partitions);
        await driver.JoinAsync("member", group, topic);
        var records = new ConcurrentQueue<OutgoingRecord>();
        using var restarted = new CancellationTokenSource();

        Task producing = ProduceUntilAsync(driver, topic, records, restarted.Token);

        // kafkajs asks for a producer's id but once when it connects, and fails where a broker goes just then, whichever broker it is.
        await MoreAsync(records, producing);
        foreach (int broker in cluster.Ids)
        {
            await cluster.DoAsync("stop", broker);
            await MoreAsync(records, producing);
            await cluster.DoAsync("start", broker);
            await InSyncAsync(driver, topic);
            await MoreAsync(records, producing);
        }
        await restarted.CancelAsync();
        await producing;

        Check.EachAtLeastOnce(records, await TakeAllAsync(driver, records.Count));
        await Until.TrueAsync(() => TryCommitAsync(driver), "the member committed");
        long[] committed = await driver.CommittedAsync(group, topic, Partitions);
        Assert.True(committed.Sum(offset => Math.Max(offset, 0)) >= records.Count, $"{string.Join(", ", committed)} of {records.Count} records are committed");
        ConsumedRecord[] stored = await driver.ReadAsync(topic, records.Count, [.. Enumerable.Range(0, Partitions)]);
        Check.SameInOrder(records, stored);
        await cluster.CloseAsync();
    }

    // A call is for one partition: with several that have lost their leader, kafkajs forgets some.
    private static async Task ProduceUntilAsync(ClientDriver driver, string topic, ConcurrentQueue<OutgoingRecord> sent, CancellationToken end)
    {
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (!end.IsCancellationRequested)
        {
            OutgoingRecord[] chunk = Unique.Records(topic, ChunkRecords, first: sent.Count, partition: sent.Count / ChunkRecords % Partitions);
            await driver.ProduceAsync(topic, chunk, idempotent: true, producer: "p");
            foreach (OutgoingRecord record in chunk)
            {
                sent.Enqueue(record);
            }
            await pace.WaitForNextTickAsync(CancellationToken.None);
        }
    }

    /// <summary>Waits until every partition has had more records.</summary>
    private static async Task MoreAsync(ConcurrentQueue<OutgoingRecord> sent, Task producing)
    {
        int enough = sent.Count + (2 * Partitions * ChunkRecords);
        await Until.TrueAsync(() => Task.FromResult(sent.Count >= enough || producing.IsCompleted), "the producer went on");
        if (producing.IsCompleted)
        {
            await producing;
        }
    }

    private static Task InSyncAsync(ClientDriver driver, string topic) => Until.TrueAsync(
        async () =>
        {
            try
            {
                JsonArray described = (await driver.CallAsync("describeTopic", new { topic }))!.AsArray();
                return described.All(each => each!["isr"]!.AsArray().Count == Brokers);
            }
            catch (ClientException)
            {
                // The connection that it had may just have gone.
                return false;
            }
        },
        "every replica is in sync");

    // kafkajs commits where it joined, and looks for the coordinator again only when it joins again. A commit may be repeated.
    private static async Task<bool> TryCommitAsync(ClientDriver driver)
    {
        try
        {
            await driver.CommitAsync("member");
            return true;
        }
        catch (ClientException)
        {
            return false;
        }
    }

    /// <summary>A member may be given a record again that it has not committed.</summary>
    private static async Task<List<ConsumedRecord>> TakeAllAsync(ClientDriver driver, int distinct)
    {
        var taken = new List<ConsumedRecord>();
        var values = new HashSet<string?>();
        await Until.TrueAsync(
            async () =>
            {
                ConsumedRecord[] more = await driver.CallAsync<ConsumedRecord[]>("take", new { name = "member" });
                taken.AddRange(more);
                values.UnionWith(more.Select(record => record.Value));
                return values.Count >= distinct;
            },
            "the member was given every record");
        return taken;
    }
}
