using System.Buffers.Binary;
using OrleansBroker.Protocol.Messages;
using OrleansBroker.Protocol.Records;
using OrleansBroker.Protocol.Wire;

namespace OrleansBroker.Benchmarks;

/// <summary>One measurement for each kind of request of the data path.</summary>
internal static class RequestPaths
{
    private const int Requests = 20_000;
    private const int CorrelationId = 1;
    private static int _topics;

    /// <summary>The least a request can cost here: ApiVersions has nothing to do.</summary>
    public static Measurement Echo(BenchmarkBroker broker)
    {
        using var client = new RawClient(broker.Endpoint);
        var frame = RequestFraming.Write(new ApiVersionsRequest(), 0, CorrelationId, "benchmark");
        return Measurement.Of("ApiVersions, for comparison", Requests, () => client.Call(frame));
    }

    public static Measurement Produce(BenchmarkBroker broker, string name, int batchBytes, short acks, bool isReplicated = false)
    {
        using var client = new RawClient(broker.Endpoint);
        var frame = RequestFraming.Write(ProduceTo(Topic(broker, isReplicated: isReplicated), batchBytes, acks), 9, CorrelationId, "benchmark");
        return Measurement.Of(name, batchBytes > 10_000 ? Requests / 10 : Requests, () => client.Call(frame));
    }

    public static Measurement Fetch(BenchmarkBroker broker, string name, int batchBytes)
    {
        using var client = new RawClient(broker.Endpoint);
        var topic = Topic(broker);
        client.Call(RequestFraming.Write(ProduceTo(topic, batchBytes, 1), 9, CorrelationId, "benchmark"));
        var frame = RequestFraming.Write(FetchOf(topic, 1), 12, CorrelationId, "benchmark");
        return Measurement.Of(name, batchBytes > 10_000 ? Requests / 10 : Requests, () => client.Call(frame));
    }

    public static Measurement FetchInSession(BenchmarkBroker broker, string name, int partitions)
    {
        const int EpochAt = 4 + 2 + 2 + 4 + 2 + 9 + 4 + 4 + 4 + 4 + 1 + 4;
        using var client = new RawClient(broker.Endpoint);
        var open = FetchOf(Topic(broker, partitions), partitions);
        open.SessionEpoch = FetchRequest.InitialEpoch;
        client.Send(RequestFraming.Write(open, 11, CorrelationId, "benchmark"));
        var session = ResponseFraming.Read<FetchResponse>(client.Receive().ToArray(), FetchRequest.Api, 11, out _).SessionId;
        var frame = RequestFraming.Write(new FetchRequest { SessionId = session, SessionEpoch = 1, MinBytes = 1 }, 11, CorrelationId, "benchmark");
        var epoch = 0;
        return Measurement.Of(name, partitions > 1 ? Requests / 10 : Requests, () =>
        {
            BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(EpochAt), ++epoch);
            client.Call(frame);
        });
    }

    /// <summary>A consumer's long poll that an append ends: a produce and a fetch together.</summary>
    public static Measurement LongPoll(BenchmarkBroker broker)
    {
        using var producer = new RawClient(broker.Endpoint);
        using var consumer = new RawClient(broker.Endpoint);
        var topic = Topic(broker);
        var produce = RequestFraming.Write(ProduceTo(topic, 100, 1), 9, CorrelationId, "benchmark");
        var request = FetchOf(topic, 1);
        request.MaxWaitMs = 10_000;
        var fetch = RequestFraming.Write(request, 11, CorrelationId, "benchmark");
        var offsetAt = fetch.Length - (2 + 4 + 8 + 8 + 4) + 0;
        var offset = 0L;
        return Measurement.Of("produce 100 B and the long poll that it ends", Requests, () =>
        {
            BinaryPrimitives.WriteInt64BigEndian(fetch.AsSpan(offsetAt), offset++);
            consumer.Send(fetch);
            producer.Call(produce);
            consumer.Receive();
        });
    }

    private static string Topic(BenchmarkBroker broker, int partitions = 1, bool isReplicated = false)
    {
        var name = "t" + _topics++;
        broker.CreateTopic(name, partitions, isReplicated);
        return name;
    }

    private static ProduceRequest ProduceTo(string topic, int batchBytes, short acks)
    {
        using var builder = new RecordBatchBuilder();
        builder.Append(DateTimeOffset.UtcNow.ToUnixTimeMilliseconds(), default, new byte[batchBytes]);
        return new ProduceRequest
        {
            Acks = acks,
            TimeoutMs = 10_000,
            TopicData =
            [
                new ProduceRequest.TopicProduceData
                {
                    Name = topic,
                    PartitionData = [new ProduceRequest.PartitionProduceData { Records = new RecordSet(builder.Build().ToArray()) }],
                },
            ],
        };
    }

    private static FetchRequest FetchOf(string topic, int partitions) => new()
    {
        MinBytes = 1,
        Topics =
        [
            new FetchRequest.FetchTopic
            {
                Topic = topic,
                Partitions = [.. Enumerable.Range(0, partitions).Select(index => new FetchRequest.FetchPartition { Partition = index, PartitionMaxBytes = 1 << 20 })],
            },
        ],
    };
}
