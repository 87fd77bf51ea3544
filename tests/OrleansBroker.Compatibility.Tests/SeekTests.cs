using OrleansBroker.Compatibility.Tests.Broker;
using OrleansBroker.Compatibility.Tests.Drivers;
using static OrleansBroker.Compatibility.Tests.Drivers.ClientCatalog;

namespace OrleansBroker.Compatibility.Tests;

/// <summary>Where a consumer begins to read, and how it moves.</summary>
public abstract class SeekTests(BrokerFixture broker)
{
    private const long FirstTimestamp = 1_700_000_000_000;

    [ClientTheory, Clients]
    public async Task A_consumer_begins_at_the_offset_it_asks_for(string client)
    {
        await using ClientDriver driver = ClientDriver.Start(client, broker.Address);
        string topic = await TenRecordsAsync(driver);

        await driver.OpenAsync("reader", topic, new { offset = 7 });

        Assert.Equal([7, 8, 9], (await driver.TakeAsync("reader", 3)).Select(record => record.Offset));
    }

    [ClientTheory, Clients]
    public async Task A_consumer_that_begins_at_the_end_has_only_what_comes_later(string client)
    {
        await using ClientDriver driver = ClientDriver.Start(client, broker.Address);
        string topic = await TenRecordsAsync(driver);

        await driver.OpenAsync("reader", topic, "end");
        await driver.ProduceAsync(topic, [new OutgoingRecord("later")]);

        ConsumedRecord record = Assert.Single(await driver.TakeAsync("reader", 1));
        Assert.Equal((10, "later"), (record.Offset, record.Value));
    }

    [ClientTheory, Clients(Except = [Kcat])]
    public async Task A_consumer_begins_at_the_first_record_of_a_time_or_later(string client)
    {
        await using ClientDriver driver = ClientDriver.Start(client, broker.Address);
        string topic = await TenRecordsAsync(driver);

        await driver.OpenAsync("reader", topic, new { timestamp = FirstTimestamp + 5001 });

        Assert.Equal([6, 7, 8, 9], (await driver.TakeAsync("reader", 4)).Select(record => record.Offset));
    }

    [ClientTheory, Clients(Kcat)]
    public async Task Kcat_begins_at_the_first_record_of_a_time_or_later(string client)
    {
        await using ClientDriver driver = ClientDriver.Start(client, broker.Address);
        string topic = Unique.Name(client);
        await driver.ProduceAsync(topic, Unique.Records(topic, 5));
        long lastMs = (await driver.ReadAsync(topic, 5))[^1].Timestamp;
        await Until.LaterThanAsync(lastMs);
        await driver.ProduceAsync(topic, [new OutgoingRecord("later")]);

        await driver.OpenAsync("reader", topic, new { timestamp = lastMs + 1 });

        Assert.Equal(["later"], (await driver.TakeAsync("reader", 1)).Select(record => record.Value));
    }

    [ClientTheory, Clients(ConfluentPython, KafkaPython, KafkaJs, ConfluentJs, ConfluentDotnet)]
    public async Task A_consumer_seeks_back_and_forth_while_it_reads(string client)
    {
        await using ClientDriver driver = ClientDriver.Start(client, broker.Address);
        string topic = await TenRecordsAsync(driver);
        await driver.OpenAsync("reader", topic, "beginning");
        Assert.Equal(10, (await driver.TakeAsync("reader", 10)).Length);

        await driver.CallAsync("seek", new { name = "reader", topic, partition = 0, offset = 8 });
        Assert.Equal([8, 9], (await driver.TakeAsync("reader", 12)).Select(record => record.Offset));

        await driver.CallAsync("seek", new { name = "reader", topic, partition = 0, offset = 2 });
        Assert.Equal([2, 3, 4, 5, 6, 7, 8, 9], (await driver.TakeAsync("reader", 20)).Select(record => record.Offset));
    }

    [ClientTheory, Clients(Kcat, ConfluentPython, KafkaPython, ConfluentJs, ConfluentDotnet)]
    public async Task A_consumer_out_of_range_resets_to_the_earliest_record(string client)
    {
        await using ClientDriver driver = ClientDriver.Start(client, broker.Address);
        string topic = await TenRecordsAsync(driver);

        await driver.OpenAsync("reader", topic, new { offset = 1000 }, reset: "earliest");

        Assert.Equal(Enumerable.Range(0, 10).Select(i => (long)i), (await driver.TakeAsync("reader", 10)).Select(record => record.Offset));
    }

    [ClientTheory, Clients]
    public async Task The_ends_of_a_partition_are_told(string client)
    {
        await using ClientDriver driver = ClientDriver.Start(client, broker.Address);
        string topic = await TenRecordsAsync(driver);

        Assert.Equal([[0, 0, 10]], await driver.CallAsync<long[][]>("listOffsets", new { topic }));
    }

    /// <summary>Ten records a second apart, as far as the client lets its caller choose.</summary>
    private static async Task<string> TenRecordsAsync(ClientDriver driver)
    {
        string topic = Unique.Name(driver.Name);
        await driver.ProduceAsync(topic, Unique.Records(topic, 10)
            .Select((record, i) => record with { Timestamp = driver.Name == Kcat ? null : FirstTimestamp + (i * 1000) }));
        return topic;
    }
}
