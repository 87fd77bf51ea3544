using OrleansBroker.Compatibility.Tests.Broker;
using OrleansBroker.Compatibility.Tests.Drivers;
using static OrleansBroker.Compatibility.Tests.Drivers.ClientCatalog;

namespace OrleansBroker.Compatibility.Tests;

/// <summary>Groups whose members come and go.</summary>
public abstract class GroupTests(BrokerFixture broker)
{
    private const int Partitions = 6;
    private static readonly int[] AllPartitions = [0, 1, 2, 3, 4, 5];

    [ClientTheory, Clients]
    public Task Members_come_and_go_and_every_record_is_delivered(string client) => ShareAsync(client, client);

    [ClientTheory]
    [InlineData(ConfluentPython, KafkaPython)]
    [InlineData(Kcat, ConfluentJs)]
    [InlineData(KafkaPython, ConfluentDotnet)]
    [InlineData(ConfluentJs, ConfluentPython)]
    public Task Members_of_different_clients_share_a_group(string first, string second) => ShareAsync(first, second);

    private async Task ShareAsync(string first, string second)
    {
        await using ClientDriver one = ClientDriver.Start(first, broker.Address);
        await using ClientDriver two = ClientDriver.Start(second, broker.Address);
        (string topic, string group) = await CreateAsync(one);
        OutgoingRecord[] records = Unique.Dealt(topic, 180, Partitions);
        var seen = new List<ConsumedRecord>();

        await one.ProduceAsync(topic, records[..60]);
        await one.JoinAsync("a", group, topic);
        Assert.Equal(AllPartitions, await one.AssignedAsync("a", Partitions));
        seen.AddRange(await one.TakeAsync("a", 60));
        await CommitAsync(one, "a");

        await two.JoinAsync("b", group, topic);
        int[][] shares = [await one.AssignedAsync("a", 3), await two.AssignedAsync("b", 3)];
        Assert.Equal(AllPartitions, shares.SelectMany(share => share).Order());
        await one.ProduceAsync(topic, records[60..120]);
        await TakeUntilAllAsync(seen, records[..120], (one, "a"), (two, "b"));
        await CommitAsync(one, "a");
        await CommitAsync(two, "b");

        await two.LeaveAsync("b");
        Assert.Equal(AllPartitions, await one.AssignedAsync("a", Partitions));
        await one.ProduceAsync(topic, records[120..]);
        await TakeUntilAllAsync(seen, records, (one, "a"));
        Check.EachAtLeastOnce(records, seen);
    }

    [ClientTheory, Clients(Except = [Kcat])]
    public async Task A_group_resumes_at_its_committed_offsets(string client)
    {
        await using ClientDriver driver = ClientDriver.Start(client, broker.Address);
        (string topic, string group) = await CreateAsync(driver);
        OutgoingRecord[] records = Unique.Dealt(topic, 120, Partitions);
        await driver.ProduceAsync(topic, records[..60]);
        await driver.JoinAsync("a", group, topic);
        Check.EachOnce(records[..60], await driver.TakeAsync("a", 60));
        await driver.CommitAsync("a");
        await driver.LeaveAsync("a");

        Assert.All(await driver.CommittedAsync(group, topic, Partitions), offset => Assert.Equal(10, offset));
        await driver.ProduceAsync(topic, records[60..]);
        await driver.JoinAsync("b", group, topic);

        Check.EachOnce(records[60..], await driver.TakeAsync("b", 60));
    }

    [ClientTheory, Clients]
    public async Task What_a_member_commits_by_itself_is_there_for_the_next(string client)
    {
        await using ClientDriver driver = ClientDriver.Start(client, broker.Address);
        (string topic, string group) = await CreateAsync(driver);
        OutgoingRecord[] records = Unique.Dealt(topic, 120, Partitions);
        await driver.ProduceAsync(topic, records[..60]);
        await driver.JoinAsync("a", group, topic, new { autoCommit = true });
        Check.EachOnce(records[..60], await driver.TakeAsync("a", 60));
        await driver.LeaveAsync("a");

        await driver.ProduceAsync(topic, records[60..]);
        await driver.JoinAsync("b", group, topic);

        Check.EachOnce(records[60..], await driver.TakeAsync("b", 60));
    }

    [ClientTheory, Clients]
    public async Task Two_groups_have_every_record_each(string client)
    {
        await using ClientDriver driver = ClientDriver.Start(client, broker.Address);
        (string topic, string group) = await CreateAsync(driver);
        OutgoingRecord[] records = Unique.Dealt(topic, 60, Partitions);
        await driver.JoinAsync("one", group + "-one", topic);
        await driver.JoinAsync("two", group + "-two", topic);

        await driver.ProduceAsync(topic, records);

        Check.EachOnce(records, await driver.TakeAsync("one", 60));
        Check.EachOnce(records, await driver.TakeAsync("two", 60));
    }

    [ClientTheory, Clients]
    public async Task A_member_that_dies_loses_its_partitions_to_the_others(string client)
    {
        await using ClientDriver one = ClientDriver.Start(client, broker.Address);
        await using ClientDriver two = ClientDriver.Start(client, broker.Address);
        (string topic, string group) = await CreateAsync(one);
        OutgoingRecord[] records = Unique.Dealt(topic, 60, Partitions);
        await one.JoinAsync("a", group, topic, new { sessionMs = 3000 });
        await two.JoinAsync("b", group, topic, new { sessionMs = 3000 });
        await one.AssignedAsync("a", 3);
        await two.AssignedAsync("b", 3);

        await two.DisposeAsync();

        Assert.Equal(AllPartitions, await one.AssignedAsync("a", Partitions));
        await one.ProduceAsync(topic, records);
        Check.EachOnce(records, await one.TakeAsync("a", 60));
    }

    [ClientTheory, Clients(ConfluentPython, ConfluentJs, ConfluentDotnet)]
    public async Task A_cooperative_member_keeps_what_it_does_not_have_to_give(string client)
    {
        await using ClientDriver one = ClientDriver.Start(client, broker.Address);
        await using ClientDriver two = ClientDriver.Start(client, broker.Address);
        (string topic, string group) = await CreateAsync(one);
        var cooperative = new { assignor = "cooperative-sticky" };
        OutgoingRecord[] records = Unique.Dealt(topic, 120, Partitions);
        var seen = new List<ConsumedRecord>();
        await one.JoinAsync("a", group, topic, cooperative);
        await one.AssignedAsync("a", Partitions);
        await one.ProduceAsync(topic, records[..60]);
        seen.AddRange(await one.TakeAsync("a", 60));
        await one.CommitAsync("a");

        await two.JoinAsync("b", group, topic, cooperative);

        int[][] shares = [await one.AssignedAsync("a", 3), await two.AssignedAsync("b", 3)];
        Assert.Equal(AllPartitions, shares.SelectMany(share => share).Order());
        await one.ProduceAsync(topic, records[60..]);
        await TakeUntilAllAsync(seen, records, (one, "a"), (two, "b"));
        Check.EachOnce(records, seen);
    }

    [ClientTheory, Clients(ConfluentPython, ConfluentJs, ConfluentDotnet)]
    public async Task A_static_member_comes_back_to_its_partitions_without_a_rebalance(string client)
    {
        await using ClientDriver one = ClientDriver.Start(client, broker.Address);
        await using ClientDriver two = ClientDriver.Start(client, broker.Address);
        (string topic, string group) = await CreateAsync(one);
        await one.JoinAsync("a", group, topic, new { instance = "instance-a", sessionMs = 20000 });
        await two.JoinAsync("b", group, topic, new { instance = "instance-b", sessionMs = 20000 });
        int[] before = await one.AssignedAsync("a", 3);
        int[] others = await two.AssignedAsync("b", 3);

        await two.LeaveAsync("b");
        await two.JoinAsync("b again", group, topic, new { instance = "instance-b", sessionMs = 20000 });

        Assert.Equal(others, await two.AssignedAsync("b again", 3));
        Assert.Equal(before, await one.AssignedAsync("a", 3));
        OutgoingRecord[] records = Unique.Dealt(topic, 60, Partitions);
        await one.ProduceAsync(topic, records);
        var seen = new List<ConsumedRecord>();
        await TakeUntilAllAsync(seen, records, (one, "a"), (two, "b again"));
        Check.EachOnce(records, seen);
    }

    private async Task<(string Topic, string Group)> CreateAsync(ClientDriver driver)
    {
        string topic = Unique.Name(driver.Name);
        await driver.CreateFirstAsync(broker.Address, topic, Partitions);
        return (topic, $"group-of-{topic}");
    }

    /// <summary>kcat commits by itself and has no call for it.</summary>
    private static Task CommitAsync(ClientDriver driver, string member) =>
        driver.Name == Kcat ? Task.CompletedTask : driver.CommitAsync(member);

    private static Task TakeUntilAllAsync(List<ConsumedRecord> seen, OutgoingRecord[] records, params (ClientDriver Driver, string Name)[] members) => Until.TrueAsync(
        async () =>
        {
            foreach ((ClientDriver driver, string name) in members)
            {
                seen.AddRange(await driver.CallAsync<ConsumedRecord[]>("take", new { name }));
            }
            return seen.Select(record => record.Value).Distinct().Count() >= records.Length;
        },
        "every record was delivered");
}
