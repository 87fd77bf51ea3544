using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Messages;
using OrleansBroker.Simulator.Clients;
using OrleansBroker.Simulator.Engine;
using OrleansBroker.Simulator.Invariants;

namespace OrleansBroker.Simulator.Workloads;

/// <summary>Changes the cluster while others use it: topics, partitions, configurations, replicas, leaders, the beginning of logs.</summary>
/// <param name="staysFlushed">Every record is flushed before it is acknowledged, and that is left so: power losses count on it.</param>
internal sealed class AdminClient(ClusterClient client, Ledger ledger, int brokers, bool staysFlushed)
{
    private const int TimeoutMs = 5_000;
    private static readonly TimeSpan CreatePatience = TimeSpan.FromSeconds(60);

    private int _created;

    public bool IsStopped { get; private set; }

    public void Stop() => IsStopped = true;

    /// <summary>Makes a topic that the workload needs; asks again until it is there.</summary>
    public async Task CreateAsync(TopicTraits topic, params (string Name, string Value)[] settings)
    {
        var until = client.World.Now + CreatePatience;
        while (!await TryCreateAsync(topic, settings))
        {
            if (client.World.Now > until)
            {
                throw new SimulationFailure("no progress", $"topic {topic.Name} could not be created within {CreatePatience}, without any fault");
            }

            await client.BackOff();
        }
    }

    /// <summary>Changes something now and then.</summary>
    public async Task RunAsync(int intervalMs)
    {
        while (!IsStopped)
        {
            await client.Delay(client.Chance.Between(1, intervalMs * 2));
            try
            {
                await ChangeAsync(client.Chance.Of(ledger.Topics.ToArray()));
            }
            catch (IOException)
            {
            }
        }
    }

    private Task ChangeAsync(TopicTraits topic) => client.Chance.Random.Next(6) switch
    {
        0 => AddPartitionAsync(topic),
        1 => ConfigureAsync(topic),
        2 => ReassignAsync(topic),
        3 => ElectAsync(topic),
        4 => DeleteRecordsAsync(topic),
        _ => CreateMoreAsync(),
    };

    private async Task<bool> TryCreateAsync(TopicTraits topic, (string Name, string Value)[] settings)
    {
        try
        {
            var response = await client.CallAsync<CreateTopicsRequest, CreateTopicsResponse>(
                client.AnyBroker(),
                new CreateTopicsRequest
                {
                    TimeoutMs = TimeoutMs,
                    Topics =
                    [
                        new()
                        {
                            Name = topic.Name,
                            NumPartitions = topic.Partitions,
                            ReplicationFactor = (short)topic.ReplicationFactor,
                            Configs = [.. settings.Append(("min.insync.replicas", $"{topic.MinInSyncReplicas}")).Select(setting => new CreateTopicsRequest.CreatableTopicConfig { Name = setting.Item1, Value = setting.Item2 })],
                        },
                    ],
                },
                7);
            client.Process.Note($"create {topic.Name}: {response.Topics[0].ErrorCode} {response.Topics[0].ErrorMessage}");
            return response.Topics[0].ErrorCode is ErrorCode.None or ErrorCode.TopicAlreadyExists;
        }
        catch (IOException)
        {
            return false;
        }
    }

    private Task<bool> CreateMoreAsync() => TryCreateAsync(new TopicTraits($"more-{_created++}", 2, Math.Min(3, brokers), 1), []);

    private async Task AddPartitionAsync(TopicTraits topic)
    {
        if (topic.Partitions >= 5)
        {
            return;
        }

        topic.Partitions++;
        var response = await client.CallAsync<CreatePartitionsRequest, CreatePartitionsResponse>(
            client.AnyBroker(), new CreatePartitionsRequest { TimeoutMs = TimeoutMs, Topics = [new() { Name = topic.Name, Count = topic.Partitions, Assignments = null }] }, 3);
        client.Process.Note($"partitions of {topic.Name} to {topic.Partitions}: {response.Results[0].ErrorCode} {response.Results[0].ErrorMessage}");
    }

    private async Task ConfigureAsync(TopicTraits topic)
    {
        var (name, value) = client.Chance.Of(new[]
        {
            ("flush.messages", "1"), ("flush.messages", $"{long.MaxValue}"), ("internal.segment.bytes", "3000"), ("internal.segment.bytes", "20000"), ("max.message.bytes", "500000"),
        });
        if (staysFlushed && name == "flush.messages")
        {
            return;
        }

        var response = await client.CallAsync<IncrementalAlterConfigsRequest, IncrementalAlterConfigsResponse>(
            client.AnyBroker(),
            new IncrementalAlterConfigsRequest { Resources = [new() { ResourceType = 2, ResourceName = topic.Name, Configs = [new() { Name = name, Value = value }] }] },
            1);
        client.Process.Note($"{name}={value} of {topic.Name}: {response.Responses[0].ErrorCode}");
    }

    private async Task ReassignAsync(TopicTraits topic)
    {
        var replicas = Enumerable.Range(0, brokers).ToArray();
        client.Chance.Random.Shuffle(replicas);
        var partition = client.Chance.Random.Next(topic.Partitions);
        var response = await client.CallAsync<AlterPartitionReassignmentsRequest, AlterPartitionReassignmentsResponse>(
            client.AnyBroker(),
            new AlterPartitionReassignmentsRequest
            {
                TimeoutMs = TimeoutMs,
                Topics = [new() { Name = topic.Name, Partitions = [new() { PartitionIndex = partition, Replicas = replicas[..topic.ReplicationFactor] }] }],
            },
            0);
        client.Process.Note($"{topic.Name}-{partition} to [{string.Join(',', replicas[..topic.ReplicationFactor])}]: {response.ErrorCode} {response.Responses.FirstOrDefault()?.Partitions[0].ErrorCode}");
    }

    private async Task ElectAsync(TopicTraits topic)
    {
        var response = await client.CallAsync<ElectLeadersRequest, ElectLeadersResponse>(
            client.AnyBroker(),
            new ElectLeadersRequest { ElectionType = 0, TimeoutMs = TimeoutMs, Topics = [new() { Topic = topic.Name, Partitions = [.. Enumerable.Range(0, topic.Partitions)] }] },
            2);
        client.Process.Note($"preferred leaders of {topic.Name}: {response.ErrorCode}");
    }

    private async Task DeleteRecordsAsync(TopicTraits topic)
    {
        var partition = new TopicPartition(topic.Name, client.Chance.Random.Next(topic.Partitions));
        var reader = new PartitionReader(client, ledger, partition);
        var (leader, _) = await client.LeaderAsync(partition);
        if (leader < 0 || !await reader.BeginAsync() || await reader.EndAsync() is not (ErrorCode.None, var end))
        {
            return;
        }

        var offset = client.Chance.Random.NextInt64(Math.Min(reader.Position, end), end + 1);
        var response = await client.CallAsync<DeleteRecordsRequest, DeleteRecordsResponse>(
            leader,
            new DeleteRecordsRequest { TimeoutMs = TimeoutMs, Topics = [new() { Name = topic.Name, Partitions = [new() { PartitionIndex = partition.Partition, Offset = offset }] }] },
            2);
        client.Process.Note($"records of {partition} before {offset} are deleted: {response.Topics[0].Partitions[0].ErrorCode}");
    }
}
