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

    private static readonly Dictionary<string, string> Settings = new()
    {
        ["group.initial.rebalance.delay.ms"] = "150",
        ["group.min.session.timeout.ms"] = "1000",
    };

    [ClientTheory, Clients(Except = [Kcat])]
    public async Task A_producer_and_a_member_go_on_over_a_rolling_restart(string client)
    {
        using var directory = new TemporaryDirectory();
        await using ClusterProcess cluster = await ClusterProcess.StartAsync(directory.Path, Brokers, Settings);
        await using ClientDriver driver = ClientDriver.Start(client, string.Join(',', cluster.Addresses));
        string topic = Unique.Name(client);
        string group = $"group-of-{topic}";
        await driver.CreateTopicAsync(topic, Partitions);
        await driver.JoinAsync("member", group, topic);
        using var restarted = new CancellationTokenSource();

        Task<List<OutgoingRecord>> producing = ProduceUntilAsync(driver, topic, restarted.Token);
        foreach (int broker in cluster.Ids)
        {
            await cluster.DoAsync("stop", broker);
            await cluster.DoAsync("start", broker);
            await InSyncAsync(driver, topic);
        }
        await restarted.CancelAsync();
        List<OutgoingRecord> records = await producing;

        Check.EachAtLeastOnce(records, await TakeAllAsync(driver, records.Count));
        await driver.CommitAsync("member");
        long[] committed = await driver.CommittedAsync(group, topic, Partitions);
        Assert.True(committed.Sum() >= records.Count, $"{committed.Sum()} of {records.Count} records are committed");
        ConsumedRecord[] stored = await driver.ReadAsync(topic, records.Count, [.. Enumerable.Range(0, Partitions)]);
        if (client != KafkaPython)
        {
            Check.SameInOrder(records, stored);
        }
        await cluster.CloseAsync();
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
            await driver.CreateTopicAsync(topic, Partitions);
            await driver.ProduceAsync(topic, Unique.Dealt(topic, 12, Partitions));
            await driver.CallAsync("deleteTopic", new { topic });
            await cluster.DoAsync("start", broker);
        }
        await cluster.CloseAsync();
    }

    private static async Task<List<OutgoingRecord>> ProduceUntilAsync(ClientDriver driver, string topic, CancellationToken end)
    {
        const int chunkRecords = 60;
        bool? idempotent = driver.Name == KafkaPython ? null : true;
        var sent = new List<OutgoingRecord>();
        do
        {
            OutgoingRecord[] chunk = [.. Unique.Dealt(topic, chunkRecords, Partitions, first: sent.Count).OrderBy(record => record.Partition)];
            await driver.ProduceAsync(topic, chunk, idempotent: idempotent, producer: "p");
            sent.AddRange(chunk);
        }
        while (!end.IsCancellationRequested);
        return sent;
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

    /// <summary>A member may be given a record again that it has not committed.</summary>
    private static async Task<List<ConsumedRecord>> TakeAllAsync(ClientDriver driver, int distinct)
    {
        var taken = new List<ConsumedRecord>();
        await Until.TrueAsync(
            async () =>
            {
                taken.AddRange(await driver.CallAsync<ConsumedRecord[]>("take", new { name = "member" }));
                return taken.Select(record => record.Value).Distinct().Count() >= distinct;
            },
            "the member was given every record");
        return taken;
    }
}
