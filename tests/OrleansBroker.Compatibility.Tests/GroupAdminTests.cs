using System.Text.Json.Nodes;
using OrleansBroker.Compatibility.Tests.Broker;
using OrleansBroker.Compatibility.Tests.Drivers;
using static OrleansBroker.Compatibility.Tests.Drivers.ClientCatalog;

namespace OrleansBroker.Compatibility.Tests;

/// <summary>Groups and their offsets, through the admin calls that each client offers.</summary>
public abstract class GroupAdminTests(BrokerFixture broker)
{
    private const int NonEmptyGroup = 68;
    private const int GroupIdNotFound = 69;

    [ClientTheory, Clients(Except = [Kcat])]
    public async Task A_group_is_listed_and_described(string client)
    {
        await using ClientDriver driver = ClientDriver.Start(client, broker.Address);
        (string topic, string group) = await GroupOfTenRecordsAsync(driver);

        Assert.Contains(group, await driver.CallAsync<string[]>("listGroups"));
        JsonNode stable = (await driver.CallAsync("describeGroup", new { group }))!;
        Assert.Equal("Stable", (string?)stable["state"]);
        JsonNode member = Assert.Single(stable["members"]!.AsArray())!;
        Assert.Equal(client == KafkaPython ? "python-kafka" : client, (string?)member["clientId"]);
        Assert.Contains("127.0.0.1", (string?)member["clientHost"], StringComparison.Ordinal);

        await driver.LeaveAsync("member");
        JsonNode empty = (await driver.CallAsync("describeGroup", new { group }))!;
        Assert.Equal("Empty", (string?)empty["state"]);
        Assert.Empty(empty["members"]!.AsArray());
    }

    [ClientTheory, Clients(KafkaPython, KafkaJs, ConfluentJs, Platformatic, ConfluentDotnet)]
    public async Task A_group_is_deleted_once_it_is_empty(string client)
    {
        await using ClientDriver driver = ClientDriver.Start(client, broker.Address);
        (string topic, string group) = await GroupOfTenRecordsAsync(driver);

        Assert.Equal(NonEmptyGroup, await RefusalAsync(driver, "deleteGroup", new { group }));
        await driver.LeaveAsync("member");
        await driver.CallAsync("deleteGroup", new { group });

        Assert.DoesNotContain(group, await driver.CallAsync<string[]>("listGroups"));
        long[] committed = await driver.CommittedAsync(group, topic, 1);
        Assert.Equal([ClientDriver.NoOffset], committed);
        Assert.Equal(GroupIdNotFound, await RefusalAsync(driver, "deleteGroup", new { group }));
    }

    [ClientTheory, Clients(KafkaJs, Platformatic, ConfluentDotnet)]
    public async Task An_empty_groups_offsets_are_set(string client)
    {
        await using ClientDriver driver = ClientDriver.Start(client, broker.Address);
        (string topic, string group) = await GroupOfTenRecordsAsync(driver);
        await driver.LeaveAsync("member");

        await driver.CallAsync("setOffset", new { group, topic, partition = 0, offset = 4 });

        long[] committed = await driver.CommittedAsync(group, topic, 1);
        Assert.Equal([4], committed);
        await driver.JoinAsync("next", group, topic);
        Assert.Equal([4, 5, 6, 7, 8, 9], (await driver.TakeAsync("next", 6)).Select(record => record.Offset));
    }

    [ClientTheory, Clients(Platformatic, ConfluentDotnet)]
    public async Task An_offset_is_deleted(string client)
    {
        await using ClientDriver driver = ClientDriver.Start(client, broker.Address);
        (string topic, string group) = await GroupOfTenRecordsAsync(driver);
        await driver.LeaveAsync("member");

        await driver.CallAsync("deleteOffset", new { group, topic, partition = 0 });

        long[] committed = await driver.CommittedAsync(group, topic, 1);
        Assert.Equal([ClientDriver.NoOffset], committed);
    }

    [ClientTheory, Clients(KafkaPython)]
    public async Task Metadata_of_a_commit_comes_back(string client)
    {
        await using ClientDriver driver = ClientDriver.Start(client, broker.Address);
        (string topic, string group) = await GroupOfTenRecordsAsync(driver);

        JsonNode row = Assert.Single((await driver.CallAsync("groupOffsets", new { group }))!.AsArray())!;

        Assert.Equal((topic, 0, 10, "from kafka-python"), ((string)row[0]!, (int)row[1]!, (int)row[2]!, (string)row[3]!));
    }

    [ClientTheory, Clients(Platformatic)]
    public async Task The_coordinator_of_a_group_is_a_live_broker(string client)
    {
        await using ClientDriver driver = ClientDriver.Start(client, broker.Address);

        JsonNode found = (await driver.CallAsync("findCoordinator", new { group = Unique.Name("group") }))!;

        Assert.Equal(broker.Addresses[(int)found["id"]!], $"{found["host"]}:{found["port"]}");
    }

    [ClientTheory, Clients(ConfluentPython, KafkaPython, KafkaJs, ConfluentJs, Platformatic, ConfluentDotnet)]
    public async Task A_group_that_never_was_has_no_offsets(string client)
    {
        await using ClientDriver driver = ClientDriver.Start(client, broker.Address);
        string topic = Unique.Name(client);
        await driver.CreateTopicAsync(topic);

        long[] committed = await driver.CommittedAsync(Unique.Name("never"), topic, 1);
        Assert.Equal([ClientDriver.NoOffset], committed);
    }

    private static async Task<(string Topic, string Group)> GroupOfTenRecordsAsync(ClientDriver driver)
    {
        string topic = Unique.Name(driver.Name);
        string group = $"group-of-{topic}";
        await driver.ProduceAsync(topic, Unique.Records(topic, 10));
        await driver.JoinAsync("member", group, topic);
        await driver.TakeAsync("member", 10);
        await driver.CommitAsync("member");
        return (topic, group);
    }

    private static async Task<int?> RefusalAsync(ClientDriver driver, string command, object parameters) =>
        (await Assert.ThrowsAsync<ClientException>(() => driver.CallAsync(command, parameters))).Code;
}
