using System.Text.Json.Nodes;
using OrleansBroker.Compatibility.Tests.Broker;
using OrleansBroker.Compatibility.Tests.Drivers;
using static OrleansBroker.Compatibility.Tests.Drivers.ClientCatalog;

namespace OrleansBroker.Compatibility.Tests;

/// <summary>Topics, their configuration and the cluster, through the admin calls that each client offers.</summary>
public abstract class AdminTests(BrokerFixture broker)
{
    private const int UnknownTopicOrPartition = 3;
    private const int InvalidTopic = 17;
    private const int TopicAlreadyExists = 36;
    private const int InvalidPartitions = 37;
    private const int InvalidReplicationFactor = 38;
    private const int InvalidConfig = 40;

    [ClientTheory, Clients(Except = [Kcat])]
    public async Task A_topic_is_created_described_and_deleted(string client)
    {
        await using ClientDriver driver = ClientDriver.Start(client, broker.Address);
        string topic = Unique.Name(client);

        await driver.CreateTopicAsync(topic, partitions: 3);
        Assert.Contains(topic, await driver.CallAsync<string[]>("listTopics"));
        await AssertDescribedAsync(driver, topic, partitions: 3);

        await driver.CallAsync("deleteTopic", new { topic });
        Assert.DoesNotContain(topic, await driver.CallAsync<string[]>("listTopics"));
    }

    [ClientTheory, Clients(Kcat)]
    public async Task A_topic_created_on_first_use_is_described(string client)
    {
        await using ClientDriver driver = ClientDriver.Start(client, broker.Address);
        string topic = Unique.Name(client);

        await driver.ProduceAsync(topic, [new OutgoingRecord("first")]);

        Assert.Contains(topic, await driver.CallAsync<string[]>("listTopics"));
        await AssertDescribedAsync(driver, topic, partitions: 1);
    }

    [ClientTheory, Clients(ConfluentPython, KafkaPython, ConfluentJs, Platformatic, ConfluentDotnet)]
    public async Task A_topic_is_not_created_twice(string client)
    {
        await using ClientDriver driver = ClientDriver.Start(client, broker.Address);
        string topic = Unique.Name(client);
        await driver.CreateTopicAsync(topic);

        Assert.Equal(TopicAlreadyExists, await RefusalAsync(driver, "createTopic", new { topic }));
    }

    [ClientTheory, Clients(Except = [Kcat])]
    public async Task What_cannot_be_created_is_refused_with_its_reason(string client)
    {
        await using ClientDriver driver = ClientDriver.Start(client, broker.Address);
        string topic = Unique.Name(client);

        Assert.Equal(InvalidTopic, await RefusalAsync(driver, "createTopic", new { topic = "not/a/name" }));
        Assert.Equal(InvalidReplicationFactor, await RefusalAsync(driver, "createTopic", new { topic, replication = broker.Ids.Count() + 1 }));
        Assert.Equal(InvalidConfig, await RefusalAsync(driver, "createTopic", new { topic, configs = new Dictionary<string, string> { ["retention.ms"] = "soon" } }));
        Assert.DoesNotContain(topic, await driver.CallAsync<string[]>("listTopics"));
    }

    [ClientTheory, Clients(ConfluentPython, KafkaPython, KafkaJs, ConfluentDotnet)]
    public async Task Validation_creates_nothing(string client)
    {
        await using ClientDriver driver = ClientDriver.Start(client, broker.Address);
        string topic = Unique.Name(client);

        await driver.CallAsync("createTopic", new { topic, validateOnly = true });

        Assert.DoesNotContain(topic, await driver.CallAsync<string[]>("listTopics"));
    }

    [ClientTheory, Clients(ConfluentPython, KafkaPython, ConfluentJs, Platformatic, ConfluentDotnet)]
    public async Task A_topic_that_is_not_there_cannot_be_deleted(string client)
    {
        await using ClientDriver driver = ClientDriver.Start(client, broker.Address);

        Assert.Equal(UnknownTopicOrPartition, await RefusalAsync(driver, "deleteTopic", new { topic = Unique.Name("absent") }));
    }

    [ClientTheory, Clients(Except = [Kcat])]
    public async Task A_topic_grows_but_never_shrinks(string client)
    {
        await using ClientDriver driver = ClientDriver.Start(client, broker.Address);
        string topic = Unique.Name(client);
        await driver.CreateTopicAsync(topic, partitions: 2);

        await driver.CallAsync("createPartitions", new { topic, count = 4 });

        await AssertDescribedAsync(driver, topic, partitions: 4);
        Assert.Equal(InvalidPartitions, await RefusalAsync(driver, "createPartitions", new { topic, count = 3 }));
        OutgoingRecord[] records = Unique.Dealt(topic, 8, partitions: 4);
        await driver.ProduceAsync(topic, records);
        Check.SameInOrder(records, await driver.ReadAsync(topic, records.Length, [0, 1, 2, 3]));
    }

    [ClientTheory(OneBroker = true), Clients(ConfluentPython, KafkaPython, KafkaJs, Platformatic, ConfluentDotnet)]
    public async Task Configuration_is_described_and_altered(string client)
    {
        await using ClientDriver driver = ClientDriver.Start(client, broker.Address);
        string topic = Unique.Name(client);
        await driver.CreateTopicAsync(topic, configs: new Dictionary<string, string> { ["retention.ms"] = "86400001" });

        Assert.Equal(("86400001", "delete", "1048588"), await ConfigsAsync(driver, topic));
        await driver.CallAsync("alterConfigs", new { topic, configs = new Dictionary<string, string> { ["max.message.bytes"] = "65536" } });

        // AlterConfigs replaces all that was set.
        Assert.Equal(("604800000", "delete", "65536"), await ConfigsAsync(driver, topic));
        Assert.Equal(InvalidConfig, await RefusalAsync(driver, "alterConfigs", new { topic, configs = new Dictionary<string, string> { ["max.message.bytes"] = "-7" } }));
    }

    [ClientTheory, Clients(Platformatic, ConfluentDotnet)]
    public async Task Configuration_is_altered_one_by_one(string client)
    {
        await using ClientDriver driver = ClientDriver.Start(client, broker.Address);
        string topic = Unique.Name(client);
        await driver.CreateTopicAsync(topic, configs: new Dictionary<string, string> { ["retention.ms"] = "86400001", ["max.message.bytes"] = "65536" });

        await driver.CallAsync("incrementalAlterConfigs", new { topic, configs = new Dictionary<string, string?> { ["cleanup.policy"] = "compact", ["max.message.bytes"] = null } });

        Assert.Equal(("86400001", "compact", "1048588"), await ConfigsAsync(driver, topic));
    }

    [ClientTheory, Clients(KafkaJs, ConfluentJs, Platformatic, ConfluentDotnet)]
    public async Task Deleted_records_are_not_served_again(string client)
    {
        await using ClientDriver driver = ClientDriver.Start(client, broker.Address);
        string topic = Unique.Name(client);
        await driver.ProduceAsync(topic, Unique.Records(topic, 10));

        await driver.CallAsync("deleteRecords", new { topic, partition = 0, before = 6 });

        Assert.Equal([[0, 6, 10]], await driver.CallAsync<long[][]>("listOffsets", new { topic }));
        Assert.Equal([6, 7, 8, 9], (await driver.ReadAsync(topic, 4)).Select(record => record.Offset));
    }

    [ClientTheory, Clients(ConfluentJs, Platformatic, ConfluentDotnet)]
    public async Task The_offset_of_the_greatest_timestamp_is_told(string client)
    {
        await using ClientDriver driver = ClientDriver.Start(client, broker.Address);
        string topic = Unique.Name(client);
        await driver.ProduceAsync(topic, new long[] { 1_000, 3_000, 2_000 }.Select(timestamp => new OutgoingRecord($"at {timestamp}", Timestamp: timestamp)));

        Assert.Equal(1, await driver.CallAsync<long>("maxTimestampOffset", new { topic }));
    }

    [ClientTheory, Clients(Except = [ConfluentJs])]
    public async Task The_cluster_is_described(string client)
    {
        await using ClientDriver driver = ClientDriver.Start(client, broker.Address);

        JsonNode cluster = (await driver.CallAsync("describeCluster"))!;

        Assert.Equal(
            broker.Addresses.Index(),
            cluster["brokers"]!.AsArray().Select(each => ((int)each!["id"]!, $"{each["host"]}:{each["port"]}")).Order());
        Assert.Contains((int)cluster["controller"]!, broker.Ids);
    }

    [ClientTheory, Clients(Platformatic)]
    public async Task The_size_of_a_log_is_described(string client)
    {
        await using ClientDriver driver = ClientDriver.Start(client, broker.Address);
        string topic = Unique.Name(client);
        await driver.ProduceAsync(topic, [new OutgoingRecord(Unique.Noise(5_000, seed: 5))]);

        long[][] sizes = await driver.CallAsync<long[][]>("describeLogDirs", new { topic });

        Assert.Equal(broker.Ids.Count(), sizes.Length);
        Assert.All(sizes, size => Assert.InRange(size[1], 5_000, 6_000));
    }

    private async Task AssertDescribedAsync(ClientDriver driver, string topic, int partitions)
    {
        JsonArray described = (await driver.CallAsync("describeTopic", new { topic }))!.AsArray();
        Assert.Equal(Enumerable.Range(0, partitions), described.Select(each => (int)each!["partition"]!).Order());
        Assert.All(described, each =>
        {
            Assert.Equal(Broker(each!["leader"]), Broker(each["replicas"]![0]));
            Assert.Equal(broker.Ids, each["replicas"]!.AsArray().Select(Broker).Order());
            Assert.Equal(broker.Ids, each["isr"]!.AsArray().Select(Broker).Order());
        });

        // @confluentinc/kafka-javascript gives a node where the others give its id.
        static int Broker(JsonNode? node) => node is JsonObject ? (int)(node["nodeId"] ?? node["id"])! : (int)node!;
    }

    private static async Task<(string Retention, string Policy, string MaxMessageBytes)> ConfigsAsync(ClientDriver driver, string topic)
    {
        var configs = await driver.CallAsync<Dictionary<string, string>>("describeConfigs", new { topic });
        return (configs["retention.ms"], configs["cleanup.policy"], configs["max.message.bytes"]);
    }

    private static async Task<int?> RefusalAsync(ClientDriver driver, string command, object parameters) =>
        (await Assert.ThrowsAsync<ClientException>(() => driver.CallAsync(command, parameters))).Code;
}
