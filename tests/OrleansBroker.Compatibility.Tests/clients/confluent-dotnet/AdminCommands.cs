using System.Text.Json.Nodes;
using Confluent.Kafka;
using Confluent.Kafka.Admin;

namespace ConfluentDriver;

/// <summary>What the tests may ask of Confluent.Kafka's admin client.</summary>
internal sealed class AdminCommands(string servers)
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(20);

    public object? Run(string command, JsonObject parameters)
    {
        using IAdminClient admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = servers, ClientId = "confluent-dotnet" }).Build();
        return RunAsync(admin, command, parameters).GetAwaiter().GetResult();
    }

    private static Task<object?> RunAsync(IAdminClient admin, string command, JsonObject parameters) => command switch
    {
        "createTopic" => Done(admin.CreateTopicsAsync([Specification(parameters)], new CreateTopicsOptions { ValidateOnly = (bool?)parameters["validateOnly"] ?? false })),
        "deleteTopic" => Done(admin.DeleteTopicsAsync([Topic(parameters)])),
        "listTopics" => Result(admin.GetMetadata(Timeout).Topics.Select(each => each.Topic)),
        "createPartitions" => Done(admin.CreatePartitionsAsync([new PartitionsSpecification { Topic = Topic(parameters), IncreaseTo = (int)parameters["count"]! }])),
        "describeTopic" => DescribeTopicAsync(admin, Topic(parameters)),
        "describeCluster" => DescribeClusterAsync(admin),
        "describeConfigs" => DescribeConfigsAsync(admin, Resource(parameters)),
        "alterConfigs" => Done(admin.AlterConfigsAsync(new() { [Resource(parameters)] = [.. Configs(parameters)] })),
        "incrementalAlterConfigs" => Done(admin.IncrementalAlterConfigsAsync(new() { [Resource(parameters)] = [.. Configs(parameters)] })),
        "listOffsets" => ListOffsetsAsync(admin, parameters),
        "maxTimestampOffset" => OffsetAsync(admin, new TopicPartition(Topic(parameters), 0), OffsetSpec.MaxTimestamp()),
        "deleteRecords" => Done(admin.DeleteRecordsAsync([new TopicPartitionOffset(Topic(parameters), (int)parameters["partition"]!, (long)parameters["before"]!)])),
        "listGroups" => ListGroupsAsync(admin),
        "describeGroup" => DescribeGroupAsync(admin, Group(parameters)),
        "deleteGroup" => Done(admin.DeleteGroupsAsync([Group(parameters)])),
        "committed" => CommittedAsync(admin, parameters),
        "setOffset" => Done(admin.AlterConsumerGroupOffsetsAsync([new ConsumerGroupTopicPartitionOffsets(Group(parameters), [new TopicPartitionOffset(Topic(parameters), (int)parameters["partition"]!, (long)parameters["offset"]!)])])),
        "deleteOffset" => Done(admin.DeleteConsumerGroupOffsetsAsync(Group(parameters), [new TopicPartition(Topic(parameters), (int)parameters["partition"]!)])),
        _ => throw new NotSupportedException($"this client offers no {command}"),
    };

    private static async Task<object?> Done(Task task)
    {
        await task;
        return null;
    }

    private static Task<object?> Result(object result) => Task.FromResult<object?>(result);

    private static string Topic(JsonObject parameters) => (string)parameters["topic"]!;

    private static string Group(JsonObject parameters) => (string)parameters["group"]!;

    private static ConfigResource Resource(JsonObject parameters) => new() { Type = ResourceType.Topic, Name = Topic(parameters) };

    private static IEnumerable<ConfigEntry> Configs(JsonObject parameters) => parameters["configs"]!.AsObject().Select(each => new ConfigEntry
    {
        Name = each.Key,
        Value = (string?)each.Value,
        IncrementalOperation = each.Value is null ? AlterConfigOpType.Delete : AlterConfigOpType.Set,
    });

    private static TopicSpecification Specification(JsonObject parameters) => new()
    {
        Name = Topic(parameters),
        NumPartitions = (int?)parameters["partitions"] ?? 1,
        ReplicationFactor = (short?)(int?)parameters["replication"] ?? -1,
        Configs = parameters["configs"]?.AsObject().ToDictionary(each => each.Key, each => (string)each.Value!),
    };

    private static async Task<object?> DescribeTopicAsync(IAdminClient admin, string topic)
    {
        DescribeTopicsResult result = await admin.DescribeTopicsAsync(TopicCollection.OfTopicNames([topic]));
        return result.TopicDescriptions[0].Partitions.Select(each => new
        {
            each.Partition,
            Leader = each.Leader.Id,
            Replicas = each.Replicas.Select(node => node.Id),
            Isr = each.ISR.Select(node => node.Id),
        }).ToList();
    }

    private static async Task<object?> DescribeClusterAsync(IAdminClient admin)
    {
        DescribeClusterResult result = await admin.DescribeClusterAsync();
        return new
        {
            result.ClusterId,
            Controller = result.Controller.Id,
            Brokers = result.Nodes.Select(each => new { each.Id, each.Host, each.Port }).ToList(),
        };
    }

    private static async Task<object?> DescribeConfigsAsync(IAdminClient admin, ConfigResource resource)
    {
        List<DescribeConfigsResult> results = await admin.DescribeConfigsAsync([resource]);
        return results[0].Entries.ToDictionary(each => each.Key, each => each.Value.Value);
    }

    private static async Task<object?> ListOffsetsAsync(IAdminClient admin, JsonObject parameters)
    {
        int[] partitions = parameters["partitions"] is { } given ? [.. given.AsArray().Select(each => (int)each!)] : [0];
        var rows = new List<object?>();
        foreach (int partition in partitions)
        {
            var where = new TopicPartition(Topic(parameters), partition);
            rows.Add(new[] { partition, await OffsetAsync(admin, where, OffsetSpec.Earliest()), await OffsetAsync(admin, where, OffsetSpec.Latest()) });
        }
        return rows;
    }

    private static async Task<object?> OffsetAsync(IAdminClient admin, TopicPartition partition, OffsetSpec specification)
    {
        ListOffsetsResult result = await admin.ListOffsetsAsync([new TopicPartitionOffsetSpec { TopicPartition = partition, OffsetSpec = specification }]);
        return result.ResultInfos[0].TopicPartitionOffsetError.Offset.Value;
    }

    private static async Task<object?> ListGroupsAsync(IAdminClient admin)
    {
        ListConsumerGroupsResult result = await admin.ListConsumerGroupsAsync();
        return result.Valid.Select(each => each.GroupId).ToList();
    }

    private static async Task<object?> DescribeGroupAsync(IAdminClient admin, string group)
    {
        DescribeConsumerGroupsResult result = await admin.DescribeConsumerGroupsAsync([group]);
        ConsumerGroupDescription found = result.ConsumerGroupDescriptions[0];
        return new
        {
            State = found.State.ToString(),
            Protocol = found.PartitionAssignor,
            Members = found.Members.Select(each => new { MemberId = each.ConsumerId, each.ClientId, ClientHost = each.Host }).ToList(),
        };
    }

    private static async Task<object?> CommittedAsync(IAdminClient admin, JsonObject parameters)
    {
        List<ListConsumerGroupOffsetsResult> results = await admin.ListConsumerGroupOffsetsAsync([new ConsumerGroupTopicPartitions(Group(parameters), null)]);
        return results[0].Partitions
            .Where(each => each.Topic == Topic(parameters))
            .Select(each => new[] { each.Partition.Value, each.Offset.Value }).ToList();
    }
}
