using OrleansBroker.Compatibility.Tests.Broker;
using OrleansBroker.Compatibility.Tests.Drivers;
using static OrleansBroker.Compatibility.Tests.Drivers.ClientCatalog;

namespace OrleansBroker.Compatibility.Tests;

/// <summary>What a client produces is what it consumes.</summary>
public abstract class ProduceAndConsumeTests(BrokerFixture broker)
{
    private const int MessageTooLarge = 10;

    [ClientTheory(OneBroker = true), Clients(EveryCodec = true)]
    public async Task Records_of_every_codec_are_stored_and_served_as_they_came(string client, string codec)
    {
        await using ClientDriver driver = ClientDriver.Start(client, broker.Address);
        string topic = Unique.Name($"{client}-{codec}");
        await driver.CreateFirstAsync(broker.Address, topic);
        OutgoingRecord[] records = Unique.Records(topic, 300);

        await driver.ProduceAsync(topic, records, codec);

        Check.SameInOrder(records, await driver.ReadAsync(topic, records.Length));
        Assert.All(SegmentFile.CodecsOf(broker.DataDirectory, topic), stored => Assert.Equal(codec, stored));
    }

    [ClientTheory(OneBroker = true), Clients]
    public async Task Keys_and_headers_come_back_as_they_were_sent(string client)
    {
        await using ClientDriver driver = ClientDriver.Start(client, broker.Address);
        string topic = Unique.Name(client);
        OutgoingRecord[] records =
        [
            new("plain", Key: "key"),
            new("no key"),
            new("naïve café – 東京 🚀", Key: "ключ"),
            new("headers", Key: "h", Headers: [["trace", "4bf92f35"], ["content-type", "text/plain"]]),
            new("other headers", Headers: [["ünï", "çødé"]]),
        ];

        await driver.ProduceAsync(topic, records);

        ConsumedRecord[] consumed = await driver.ReadAsync(topic, records.Length);
        Check.SameInOrder(records.Select(record => record with { Partition = 0 }).ToList(), consumed);
        Assert.Equal(records.Select(record => record.Headers ?? []), consumed.Select(record => record.Headers));
        Assert.Equal(Enumerable.Range(0, records.Length).Select(i => (long)i), consumed.Select(record => record.Offset));
    }

    [ClientTheory(OneBroker = true), Clients(Except = [Kcat])]
    public async Task Timestamps_of_the_producer_come_back_as_they_were_sent(string client)
    {
        await using ClientDriver driver = ClientDriver.Start(client, broker.Address);
        string topic = Unique.Name(client);

        // @platformatic/kafka itself garbles times that lie far apart in one batch.
        long[][] batches = [[1], [1_600_000_000_123, 1_599_999_999_456, 1_600_000_000_789], [DateTimeOffset.UtcNow.ToUnixTimeMilliseconds()]];

        foreach (long[] batch in batches)
        {
            await driver.ProduceAsync(topic, batch.Select(timestamp => new OutgoingRecord($"at {timestamp}", Timestamp: timestamp)));
        }

        long[] timestamps = [.. batches.SelectMany(batch => batch)];
        ConsumedRecord[] consumed = await driver.ReadAsync(topic, timestamps.Length);
        Assert.Equal(timestamps.Select(timestamp => ($"at {timestamp}", timestamp)), consumed.Select(record => (record.Value!, record.Timestamp)));
    }

    // @platformatic/kafka does not look at the batch's timestamp type.
    [ClientTheory(OneBroker = true), Clients(Except = [Platformatic])]
    public async Task A_topic_with_log_append_time_has_the_brokers_time(string client)
    {
        await using ClientDriver driver = ClientDriver.Start(client, broker.Address);
        string topic = Unique.Name(client);
        await driver.CreateFirstAsync(broker.Address, topic, configs: new Dictionary<string, string> { ["message.timestamp.type"] = "LogAppendTime" });
        long beforeMs = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();

        await driver.ProduceAsync(topic, [new OutgoingRecord("old", Timestamp: client == Kcat ? null : 1_500_000_000_000)], codec: "gzip");

        ConsumedRecord[] consumed = await driver.ReadAsync(topic, 1);
        Assert.InRange(consumed[0].Timestamp, beforeMs, DateTimeOffset.UtcNow.ToUnixTimeMilliseconds());
    }

    [ClientTheory(OneBroker = true), Clients]
    public async Task A_record_without_a_value_comes_back_without_a_value(string client)
    {
        await using ClientDriver driver = ClientDriver.Start(client, broker.Address);
        string topic = Unique.Name(client);

        await driver.ProduceAsync(topic, [new OutgoingRecord(null, Key: "gone"), new OutgoingRecord("kept", Key: "kept")]);

        ConsumedRecord[] consumed = await driver.ReadAsync(topic, 2);
        Assert.Equal([("gone", null), ("kept", "kept")], consumed.Select(record => (record.Key, record.Value)));
    }

    [ClientTheory, Clients]
    public async Task A_record_of_900_kilobytes_passes(string client)
    {
        await using ClientDriver driver = ClientDriver.Start(client, broker.Address);
        string topic = Unique.Name(client);
        OutgoingRecord[] records = [new(Unique.Noise(900_000, seed: 1), Key: "big"), new("small", Key: "small"), new(Unique.Noise(900_000, seed: 2), Key: "big too")];

        foreach (OutgoingRecord record in records)
        {
            await driver.ProduceAsync(topic, [record]);
        }

        Check.SameInOrder(records, await driver.ReadAsync(topic, records.Length));
    }

    [ClientTheory(OneBroker = true), Clients]
    public async Task A_record_larger_than_the_topic_allows_is_refused(string client)
    {
        await using ClientDriver driver = ClientDriver.Start(client, broker.Address);
        string topic = Unique.Name(client);
        await driver.ProduceAsync(topic, [new OutgoingRecord("first")]);

        ClientException refusal = await Assert.ThrowsAsync<ClientException>(() =>
            driver.ProduceAsync(topic, [new OutgoingRecord(Unique.Noise(1_500_000, seed: 3))], maxBytes: 4_000_000));

        Assert.Equal(MessageTooLarge, refusal.Code);
        await driver.ProduceAsync(topic, [new OutgoingRecord("last")]);
        Assert.Equal(["first", "last"], (await driver.ReadAsync(topic, 2)).Select(record => record.Value));
    }

    [ClientTheory, Clients(With = [0, 1, -1])]
    public async Task Records_arrive_with_every_setting_of_acks(string client, int acks)
    {
        await using ClientDriver driver = ClientDriver.Start(client, broker.Address);
        string topic = Unique.Name(client);
        await driver.CreateFirstAsync(broker.Address, topic);
        OutgoingRecord[] records = Unique.Records(topic, 50);

        await driver.ProduceAsync(topic, records, acks: acks, producer: client == Kcat ? null : "kept open, so that acks=0 is not cut off");

        Check.SameInOrder(records, await driver.ReadAsync(topic, records.Length));
    }

    [ClientTheory, Clients(Except = [KafkaPython])]
    public async Task An_idempotent_producer_writes_every_record_once(string client)
    {
        await using ClientDriver driver = ClientDriver.Start(client, broker.Address);
        string topic = Unique.Name(client);
        await driver.CreateFirstAsync(broker.Address, topic, partitions: 2);
        OutgoingRecord[] records = [.. Unique.Dealt(topic, 400, partitions: 2).OrderBy(record => record.Partition)];
        string? producer = client == Kcat ? null : "p";

        foreach (OutgoingRecord[] part in records.Chunk(100))
        {
            await driver.ProduceAsync(topic, part, idempotent: true, producer: producer);
        }

        Check.SameInOrder(records, await driver.ReadAsync(topic, records.Length, [0, 1]));
    }

    [ClientTheory, Clients]
    public async Task Ten_thousand_records_over_three_partitions_arrive_once_and_in_order(string client)
    {
        await using ClientDriver driver = ClientDriver.Start(client, broker.Address);
        string topic = Unique.Name(client);
        await driver.CreateFirstAsync(broker.Address, topic, partitions: 3);
        OutgoingRecord[] records = [.. Unique.Dealt(topic, 10_000, partitions: 3).OrderBy(record => record.Partition)];

        await driver.ProduceAsync(topic, records, codec: "lz4");

        Check.SameInOrder(records, await driver.ReadAsync(topic, records.Length, [0, 1, 2]));
    }
}
