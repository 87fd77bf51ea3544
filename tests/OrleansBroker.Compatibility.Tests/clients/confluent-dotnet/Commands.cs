using System.Collections.Concurrent;
using System.Text;
using System.Text.Json.Nodes;
using Confluent.Kafka;

namespace ConfluentDriver;

/// <summary>What the tests may ask of Confluent.Kafka's producers and consumers.</summary>
internal sealed class Commands(string servers)
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(20);
    private readonly ConcurrentDictionary<string, IProducer<byte[], byte[]>> _producers = new();
    private readonly ConcurrentDictionary<string, Member> _members = new();
    private readonly AdminCommands _admin = new(servers);

    public object? Run(string command, JsonObject parameters) => command switch
    {
        "produce" => Produce(parameters),
        "join" => Join(parameters),
        "open" => Open(parameters),
        "seek" => Seek(parameters),
        "wait" => MemberOf(parameters).Wait((int?)parameters["received"], (int?)parameters["partitions"], (int)parameters["timeoutMs"]!),
        "take" => MemberOf(parameters).Take(),
        "commit" => MemberOf(parameters).Commit(),
        "leave" or "close" => Leave(parameters),
        _ => _admin.Run(command, parameters),
    };

    private Member MemberOf(JsonObject parameters) => _members[(string)parameters["name"]!];

    private List<long[]> Produce(JsonObject parameters)
    {
        string? name = (string?)parameters["producer"];
        IProducer<byte[], byte[]> producer = name is null ? BuildProducer(parameters) : _producers.GetOrAdd(name, _ => BuildProducer(parameters));
        try
        {
            string topic = (string)parameters["topic"]!;
            Task<DeliveryResult<byte[], byte[]>>[] sent = [.. parameters["records"]!.AsArray().Select(record =>
                producer.ProduceAsync(new TopicPartition(topic, (int?)record!["partition"] ?? Partition.Any), MessageOf(record)))];
            Task.WaitAll(sent);
            return sent.Select(each => new[] { each.Result.Partition.Value, each.Result.Offset.Value }).ToList();
        }
        finally
        {
            if (name is null)
            {
                producer.Dispose();
            }
        }
    }

    private IProducer<byte[], byte[]> BuildProducer(JsonObject parameters) => new ProducerBuilder<byte[], byte[]>(new ProducerConfig
    {
        BootstrapServers = servers,
        ClientId = "confluent-dotnet",
        ReconnectBackoffMaxMs = 500,
        CompressionType = Enum.Parse<CompressionType>((string?)parameters["codec"] ?? "none", ignoreCase: true),
        Acks = (Acks)((int?)parameters["acks"] ?? -1),
        EnableIdempotence = (bool?)parameters["idempotent"] ?? false,
        LingerMs = 5,
        MessageMaxBytes = (int?)parameters["maxBytes"] ?? 1000000,
        MessageTimeoutMs = (int?)parameters["timeoutMs"] ?? 60000,
    }).Build();

    private static Message<byte[], byte[]> MessageOf(JsonNode record)
    {
        var headers = new Headers();
        foreach (JsonNode? header in record["headers"]?.AsArray() ?? [])
        {
            headers.Add((string)header![0]!, Bytes((string?)header[1]));
        }
        return new Message<byte[], byte[]>
        {
            Key = Bytes((string?)record["key"])!,
            Value = Bytes((string?)record["value"])!,
            Headers = headers,
            Timestamp = record["timestamp"] is { } timestamp ? new Timestamp((long)timestamp, TimestampType.CreateTime) : Timestamp.Default,
        };
    }

    private object? Join(JsonObject parameters)
    {
        ConsumerConfig settings = Settings((string)parameters["group"]!);
        settings.AutoOffsetReset = Enum.Parse<AutoOffsetReset>((string?)parameters["from"] ?? "earliest", ignoreCase: true);
        settings.EnableAutoCommit = (bool?)parameters["autoCommit"] ?? false;
        settings.GroupInstanceId = (string?)parameters["instance"];
        if ((string?)parameters["protocol"] == "consumer")
        {
            settings.GroupProtocol = GroupProtocol.Consumer;
        }
        else
        {
            settings.SessionTimeoutMs = (int?)parameters["sessionMs"] ?? 10000;
            settings.HeartbeatIntervalMs = 300;
            settings.PartitionAssignmentStrategy = (string?)parameters["assignor"] == "cooperative-sticky"
                ? PartitionAssignmentStrategy.CooperativeSticky
                : PartitionAssignmentStrategy.Range;
        }
        Member member = Build(parameters, settings);
        member.Consumer.Subscribe(parameters["topics"]!.AsArray().Select(topic => (string)topic!));
        member.Start();
        return null;
    }

    private object? Open(JsonObject parameters)
    {
        ConsumerConfig settings = Settings("reader-" + (string)parameters["name"]!);
        settings.AutoOffsetReset = Enum.Parse<AutoOffsetReset>((string?)parameters["reset"] ?? "error", ignoreCase: true);
        Member member = Build(parameters, settings);
        string topic = (string)parameters["topic"]!;
        int[] partitions = parameters["partitions"] is { } given ? [.. given.AsArray().Select(each => (int)each!)] : [0];
        member.Consumer.Assign(partitions.Select(partition => Resolve(member.Consumer, new TopicPartition(topic, partition), parameters["from"]!)));
        member.Start();
        return null;
    }

    private static TopicPartitionOffset Resolve(IConsumer<byte[], byte[]> consumer, TopicPartition partition, JsonNode from)
    {
        if (from is JsonValue)
        {
            WatermarkOffsets watermarks = consumer.QueryWatermarkOffsets(partition, Timeout);
            return new TopicPartitionOffset(partition, (string)from! == "beginning" ? watermarks.Low : watermarks.High);
        }
        return from["offset"] is { } offset
            ? new TopicPartitionOffset(partition, (long)offset)
            : consumer.OffsetsForTimes([new TopicPartitionTimestamp(partition, new Timestamp((long)from["timestamp"]!, TimestampType.CreateTime))], Timeout)[0];
    }

    private object? Seek(JsonObject parameters)
    {
        MemberOf(parameters).Consumer.Seek(new TopicPartitionOffset((string)parameters["topic"]!, (int)parameters["partition"]!, (long)parameters["offset"]!));
        return null;
    }

    private object? Leave(JsonObject parameters)
    {
        _members.TryRemove((string)parameters["name"]!, out Member? member);
        member!.Close();
        return null;
    }

    private Member Build(JsonObject parameters, ConsumerConfig settings) =>
        _members[(string)parameters["name"]!] = new Member(new ConsumerBuilder<byte[], byte[]>(settings).Build());

    private ConsumerConfig Settings(string group) => new()
    {
        BootstrapServers = servers,
        ClientId = "confluent-dotnet",
        GroupId = group,
        EnableAutoCommit = false,
        FetchWaitMaxMs = 200,
        ReconnectBackoffMaxMs = 500,
    };

    private static byte[]? Bytes(string? text) => text is null ? null : Encoding.UTF8.GetBytes(text);
}
