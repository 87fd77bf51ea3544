using OrleansBroker.Compatibility.Tests.Broker;
using OrleansBroker.Compatibility.Tests.Drivers;
using static OrleansBroker.Compatibility.Tests.Drivers.ClientCatalog;

namespace OrleansBroker.Compatibility.Tests;

/// <summary>The broker stops or is killed under its clients and comes back on the same port and data.</summary>
public sealed class RestartTests
{
    private const string Cleanly = "stopped";
    private const string Killed = "killed";

    [ClientTheory, Clients(With = [Cleanly, Killed], Except = [Kcat])]
    public async Task A_producer_and_a_member_go_on_after_a_restart(string client, string ending)
    {
        using var directory = new TemporaryDirectory();
        await using SiloProcess first = await SiloProcess.StartAsync(BrokerFixture.Arguments("127.0.0.1:0", directory.Path));
        await using ClientDriver driver = ClientDriver.Start(client, first.Address);
        string topic = Unique.Name(client);
        string group = $"group-of-{topic}";
        OutgoingRecord[] records = Unique.Dealt(topic, 120, partitions: 2);
        await driver.CreateTopicAsync(topic, partitions: 2);
        await driver.ProduceAsync(topic, records[..60], producer: "p");
        await driver.JoinAsync("member", group, topic);
        Check.EachOnce(records[..60], await driver.TakeAsync("member", 60));
        await driver.CommitAsync("member");

        await EndAsync(first, ending);
        await using SiloProcess second = await SiloProcess.StartAsync(BrokerFixture.Arguments(first.Address, directory.Path));

        long[] committed = await driver.CommittedAsync(group, topic, 2);
        Assert.Equal([30, 30], committed);
        await driver.ProduceAsync(topic, records[60..], producer: "p");
        Check.EachOnce(records[60..], await driver.TakeAsync("member", 120));
        Check.SameInOrder(records, await driver.ReadAsync(topic, 120, [0, 1]));
        Assert.Equal(0, await second.StopAsync());
    }

    [ClientTheory, Clients(Kcat, With = [Cleanly, Killed])]
    public async Task Kcats_records_and_commits_are_there_after_a_restart(string client, string ending)
    {
        using var directory = new TemporaryDirectory();
        await using SiloProcess first = await SiloProcess.StartAsync(BrokerFixture.Arguments("127.0.0.1:0", directory.Path));
        await using ClientDriver driver = ClientDriver.Start(client, first.Address);
        string topic = Unique.Name(client);
        OutgoingRecord[] records = Unique.Records(topic, 120);
        await driver.ProduceAsync(topic, records[..60]);
        await driver.JoinAsync("member", "group", topic);
        Check.EachOnce(records[..60], await driver.TakeAsync("member", 60));
        await driver.LeaveAsync("member");

        await EndAsync(first, ending);
        await using SiloProcess second = await SiloProcess.StartAsync(BrokerFixture.Arguments(first.Address, directory.Path));

        await driver.ProduceAsync(topic, records[60..]);
        await driver.JoinAsync("next", "group", topic);
        Check.EachOnce(records[60..], await driver.TakeAsync("next", 60));
        Check.SameInOrder(records, await driver.ReadAsync(topic, 120));
    }

    /// <summary>
    /// Goal: an idempotent producer that retries over a <c>kill -9</c> neither loses, doubles nor reorders a record.
    /// Method: it sends without pause while the broker is killed and started again.
    /// </summary>
    [ClientTheory, Clients(ConfluentPython, ConfluentJs, ConfluentDotnet)]
    public async Task An_idempotent_producer_writes_once_over_a_kill(string client)
    {
        const int chunkRecords = 250;
        const int chunksBeforeTheKill = 8;
        using var directory = new TemporaryDirectory();
        await using SiloProcess first = await SiloProcess.StartAsync(BrokerFixture.Arguments("127.0.0.1:0", directory.Path));
        await using ClientDriver driver = ClientDriver.Start(client, first.Address);
        string topic = Unique.Name(client);
        OutgoingRecord[] records = Unique.Records(topic, 10_000);
        var isUnderWay = new TaskCompletionSource();

        Task producing = ProduceAllAsync();
        await isUnderWay.Task;
        await first.KillAsync();
        await using SiloProcess second = await SiloProcess.StartAsync(BrokerFixture.Arguments(first.Address, directory.Path));
        await producing;

        Check.SameInOrder(records, await driver.ReadAsync(topic, records.Length));

        async Task ProduceAllAsync()
        {
            foreach ((int i, OutgoingRecord[] chunk) in records.Chunk(chunkRecords).Index())
            {
                await driver.ProduceAsync(topic, chunk, idempotent: true, producer: "p");
                if (i == chunksBeforeTheKill)
                {
                    isUnderWay.SetResult();
                }
            }
        }
    }

    /// <summary>What was acknowledged before each of several kills is there after all of them.</summary>
    [ClientTheory, Clients(KafkaPython, KafkaJs, Platformatic)]
    public async Task Acknowledged_records_outlive_every_kill(string client)
    {
        using var directory = new TemporaryDirectory();
        string address = "127.0.0.1:0";
        string topic = Unique.Name(client);
        OutgoingRecord[] records = Unique.Records(topic, 400);
        foreach (OutgoingRecord[] part in records.Chunk(100))
        {
            await using SiloProcess silo = await SiloProcess.StartAsync(BrokerFixture.Arguments(address, directory.Path));
            address = silo.Address;
            await using ClientDriver writer = ClientDriver.Start(client, address);
            await writer.ProduceAsync(topic, part, codec: "snappy");
            await silo.KillAsync();
        }

        await using SiloProcess last = await SiloProcess.StartAsync(BrokerFixture.Arguments(address, directory.Path));
        await using ClientDriver reader = ClientDriver.Start(client, address);
        Check.SameInOrder(records, await reader.ReadAsync(topic, records.Length));
    }

    private static Task EndAsync(SiloProcess silo, string ending) => ending == Killed ? silo.KillAsync() : silo.StopAsync();
}
