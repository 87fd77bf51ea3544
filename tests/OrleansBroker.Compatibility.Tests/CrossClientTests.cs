using System.Collections.Concurrent;
using OrleansBroker.Compatibility.Tests.Broker;
using OrleansBroker.Compatibility.Tests.Drivers;
using static OrleansBroker.Compatibility.Tests.Drivers.ClientCatalog;

namespace OrleansBroker.Compatibility.Tests;

/// <summary>What one client produces, with each of its codecs, every other client consumes.</summary>
public abstract class CrossClientTests(BrokerFixture broker)
{
    private const int RecordsPerCodec = 20;
    private static readonly ConcurrentDictionary<(string Address, string Writer), Lazy<Task<string>>> Topics = new();

    public static IEnumerable<object[]> Pairs => from writer in All from reader in All where writer != reader select new object[] { writer, reader };

    [ClientTheory, MemberData(nameof(Pairs))]
    public async Task One_clients_records_are_read_by_another(string writer, string reader)
    {
        string topic = await Topics.GetOrAdd((broker.Address, writer), key => new(() => WriteAsync(key.Writer))).Value;
        await using ClientDriver driver = ClientDriver.Start(reader, broker.Address);

        ConsumedRecord[] consumed = await driver.ReadAsync(topic, RecordsPerCodec * Codecs.Length);

        Assert.Equal(Codecs.SelectMany(codec => RecordsOf(topic, codec)).Select(record => (record.Key, record.Value)), consumed.Select(record => (record.Key, record.Value)));
        Assert.All(consumed, record => Assert.Equal(["written-by", writer], Assert.Single(record.Headers)));
    }

    private async Task<string> WriteAsync(string writer)
    {
        string topic = Unique.Name($"from-{writer}");
        await using ClientDriver driver = ClientDriver.Start(writer, broker.Address);
        foreach (string codec in Codecs)
        {
            await driver.ProduceAsync(topic, RecordsOf(topic, codec).Select(record => record with { Headers = [["written-by", writer]] }), codec);
        }
        return topic;
    }

    private static IEnumerable<OutgoingRecord> RecordsOf(string topic, string codec) =>
        Unique.Records(topic, RecordsPerCodec).Select(record => record with { Value = $"{codec}: {record.Value}" });
}
