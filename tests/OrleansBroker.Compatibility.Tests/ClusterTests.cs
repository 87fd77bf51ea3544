using System.Text.Json.Nodes;
using OrleansBroker.Compatibility.Tests.Broker;
using OrleansBroker.Compatibility.Tests.Drivers;
using static OrleansBroker.Compatibility.Tests.Drivers.ClientCatalog;

namespace OrleansBroker.Compatibility.Tests;

/// <summary>What there is to see only where there are several brokers.</summary>
public abstract class ClusterTests(BrokerFixture brokers)
{
    [ClientTheory, Clients(Except = [Kcat])]
    public async Task A_client_may_begin_at_any_broker(string client)
    {
        string topic = Unique.Name(client);
        OutgoingRecord[] records = Unique.Dealt(topic, 60, partitions: 6);
        foreach ((int id, string address) in brokers.Addresses.Index())
        {
            await using ClientDriver driver = ClientDriver.Start(client, address);
            if (id == 0)
            {
                await driver.CreateTopicAsync(topic, partitions: 6);
            }
            await driver.ProduceAsync(topic, records[(id * 20)..((id + 1) * 20)]);
        }

        foreach (string address in brokers.Addresses)
        {
            await using ClientDriver driver = ClientDriver.Start(client, address);
            Check.EachOnce(records, await driver.ReadAsync(topic, records.Length, [0, 1, 2, 3, 4, 5]));
        }
    }

    [ClientTheory, Clients(KafkaJs)]
    public async Task Leaders_are_spread_over_the_brokers(string client)
    {
        await using ClientDriver driver = ClientDriver.Start(client, brokers.Address);
        string topic = Unique.Name(client);

        await driver.CreateTopicAsync(topic, partitions: 6);

        JsonArray described = (await driver.CallAsync("describeTopic", new { topic }))!.AsArray();
        Assert.All(described.CountBy(each => (int)each!["leader"]!), leader => Assert.Equal(2, leader.Value));
    }

    [ClientTheory, Clients(Platformatic)]
    public async Task Groups_are_spread_over_the_brokers_and_every_broker_knows_where_each_is(string client)
    {
        string[] groups = [.. Enumerable.Range(0, 20).Select(_ => Unique.Name("group"))];
        var coordinators = new List<int[]>();
        foreach (string address in brokers.Addresses)
        {
            await using ClientDriver driver = ClientDriver.Start(client, address);
            JsonNode?[] found = await Task.WhenAll(groups.Select(group => driver.CallAsync("findCoordinator", new { group })));
            coordinators.Add([.. found.Select(each => (int)each!["id"]!)]);
        }

        Assert.All(coordinators, each => Assert.Equal(coordinators[0], each));
        Assert.Equal(brokers.Ids, coordinators[0].Distinct().Order());
    }

    /// <summary>Where a consumer says in which rack it is, it fetches from the replica there, whoever leads (KIP-392).</summary>
    [ClientTheory, Clients(ConfluentPython, With = [0, 1, 2])]
    public async Task A_consumer_fetches_from_the_replica_in_its_rack(string client, int nearest)
    {
        await using ClientDriver driver = ClientDriver.Start(client, brokers.Address);
        string topic = Unique.Name(client);
        OutgoingRecord[] records = Unique.Dealt(topic, 60, partitions: 3);
        await driver.CreateTopicAsync(topic, partitions: 3);
        await driver.ProduceAsync(topic, records[..30]);
        await driver.OpenAsync("reader", topic, "beginning", [0, 1, 2], rack: ThreeBrokersFixture.Racks[nearest]);
        Check.EachOnce(records[..30], await driver.TakeAsync("reader", 30));

        await Until.TrueAsync(
            async () => (await driver.CallAsync<int[]>("fetchesFrom", new { name = "reader", topic })) is [_, _, _] sources && sources.All(source => source == nearest),
            $"every partition is fetched from broker {nearest}");

        await driver.ProduceAsync(topic, records[30..]);
        Check.EachOnce(records[30..], await driver.TakeAsync("reader", 60));
    }
}
