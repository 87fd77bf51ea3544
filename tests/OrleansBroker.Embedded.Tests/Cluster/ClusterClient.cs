using System.Globalization;
using System.Text;
using OrleansBroker.Core.Configuration;
using OrleansBroker.Core.Ports;
using OrleansBroker.Embedded.Cluster;
using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Messages;
using OrleansBroker.Protocol.Records;
using OrleansBroker.Protocol.Wire;
using OrleansBroker.Server.Network;

namespace OrleansBroker.Embedded.Tests.Cluster;

/// <summary>Speaks to the brokers of a cluster over their listeners, a connection for each request.</summary>
/// <param name="look">The brokers as they are now, in the order of their ids.</param>
internal sealed class ClusterClient(Func<IReadOnlyList<ClusterClient.Broker>> look)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public ClusterClient(EmbeddedCluster cluster)
        : this(() => [.. cluster.Brokers.Select(broker => new Broker(broker.Endpoint, broker.State, broker.Replicas))])
    {
    }

    /// <summary>Asks again and again until a condition holds.</summary>
    public async Task UntilAsync(Func<Task<bool>> condition, string what)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        using var deadline = new CancellationTokenSource(Patience);
        while (!await condition())
        {
            Assert.False(deadline.IsCancellationRequested, $"waited in vain until {what}: {Describe()}");
            await timer.WaitForNextTickAsync(CancellationToken.None);
        }
    }

    public async Task<TResponse> SendAsync<TRequest, TResponse>(int broker, TRequest request, short version, CancellationToken cancellation = default)
        where TRequest : class, IRequest<TResponse>, new()
        where TResponse : class, IWireStruct, new()
    {
        var endpoint = look()[broker].Endpoint.Split(':');
        var id = new BrokerId(broker);
        var view = new ClusterView(1, [new BrokerRegistration(id, 1, 1, Guid.Empty, endpoint[0], int.Parse(endpoint[1], CultureInfo.InvariantCulture), null)]);
        await using var connection = await new BrokerConnector(new FixedMembership(view), "test").ConnectAsync(id, cancellation);
        return await connection.SendAsync<TRequest, TResponse>(request, version, cancellation);
    }

    public Task<MetadataResponse> MetadataAsync(int broker) =>
        SendAsync<MetadataRequest, MetadataResponse>(broker, new MetadataRequest { Topics = null, AllowAutoTopicCreation = false }, 12);

    public async Task<MetadataResponse.MetadataResponseTopic?> FindAsync(int broker, string topic) =>
        (await MetadataAsync(broker)).Topics.FirstOrDefault(found => found.Name == topic && found.ErrorCode == ErrorCode.None);

    public async Task<ErrorCode> CreateAsync(int broker, string topic, int partitions = 1, short replicationFactor = -1)
    {
        var response = await SendAsync<CreateTopicsRequest, CreateTopicsResponse>(
            broker,
            new CreateTopicsRequest { TimeoutMs = 30_000, Topics = [new() { Name = topic, NumPartitions = partitions, ReplicationFactor = replicationFactor }] },
            7);
        return response.Topics[0].ErrorCode;
    }

    public async Task<ErrorCode> DeleteAsync(int broker, string topic)
    {
        var response = await SendAsync<DeleteTopicsRequest, DeleteTopicsResponse>(broker, new DeleteTopicsRequest { TimeoutMs = 30_000, TopicNames = [topic] }, 5);
        return response.Responses[0].ErrorCode;
    }

    public async Task<ErrorCode> AlterAsync(int broker, ConfigResourceType type, string resource, string name, string value)
    {
        var response = await SendAsync<IncrementalAlterConfigsRequest, IncrementalAlterConfigsResponse>(
            broker,
            new IncrementalAlterConfigsRequest { Resources = [new() { ResourceType = (sbyte)type, ResourceName = resource, Configs = [new() { Name = name, Value = value }] }] },
            1);
        return response.Responses[0].ErrorCode;
    }

    public async Task<string?> DescribeAsync(int broker, ConfigResourceType type, string resource, string name)
    {
        var response = await SendAsync<DescribeConfigsRequest, DescribeConfigsResponse>(
            broker, new DescribeConfigsRequest { Resources = [new() { ResourceType = (sbyte)type, ResourceName = resource, ConfigurationKeys = [name] }] }, 4);
        return response.Results[0].Configs.FirstOrDefault(config => config.Name == name)?.Value;
    }

    public async Task<ErrorCode> ProduceAsync(int broker, string topic, string value, short acks = -1, CancellationToken cancellation = default)
    {
        using var builder = new RecordBatchBuilder();
        builder.Append(DateTimeOffset.UtcNow.ToUnixTimeMilliseconds(), default, Encoding.UTF8.GetBytes(value));
        var response = await SendAsync<ProduceRequest, ProduceResponse>(
            broker,
            new ProduceRequest
            {
                Acks = acks,
                TimeoutMs = 5_000,
                TopicData = [new() { Name = topic, PartitionData = [new() { Index = 0, Records = new RecordSet(builder.Build().ToArray()) }] }],
            },
            9,
            cancellation);
        return response.Responses[0].PartitionResponses[0].ErrorCode;
    }

    /// <summary>Sends a record to whoever leads the topic's only partition, until it is acknowledged by all in-sync replicas. A lost answer may double it.</summary>
    public async Task ProduceToLeaderAsync(string topic, string value) => await UntilAsync(
        async () =>
        {
            try
            {
                return await ProduceAsync(await LeaderAsync(topic), topic, value) == ErrorCode.None;
            }
            catch (IOException)
            {
                return false;
            }
        },
        $"'{value}' is acknowledged");

    /// <summary>The values in the topic's only partition, as its leader has them.</summary>
    public async Task<string[]> ReadAsync(string topic)
    {
        var leader = await LeaderAsync(topic);

        // A new leader does not know at once what the one before it had committed.
        await UntilAsync(() => Task.FromResult(ReplicasOf(topic).Any(replica => replica.IsLeader && replica.HighWatermark == replica.LogEndOffset)), $"all of {topic} is committed");
        var values = new List<string>();
        while (await FetchAsync(leader, topic, values))
        {
        }

        return [.. values];
    }

    /// <summary>The values in the topic's only partition, as one broker has them, up to a value that is there.</summary>
    public async Task<string[]> ReadFromAsync(int broker, string topic, string last)
    {
        var values = new List<string>();
        await UntilAsync(
            async () =>
            {
                await FetchAsync(broker, topic, values);
                return values.Contains(last);
            },
            $"'{last}' can be read");
        return [.. values];
    }

    private async Task<bool> FetchAsync(int broker, string topic, List<string> values)
    {
        var response = await SendAsync<FetchRequest, FetchResponse>(
            broker,
            new FetchRequest { MaxBytes = 1 << 20, Topics = [new() { Topic = topic, Partitions = [new() { FetchOffset = values.Count, PartitionMaxBytes = 1 << 20 }] }] },
            11);
        var partition = response.Responses[0].Partitions[0];
        Assert.Equal(ErrorCode.None, partition.ErrorCode);
        var before = values.Count;
        values.AddRange(Values(partition.Records));
        return values.Count > before;
    }

    /// <summary>Who leads the topic's only partition, as the brokers that run agree.</summary>
    public async Task<int> LeaderAsync(string topic)
    {
        var leader = -1;
        await UntilAsync(
            () =>
            {
                leader = ReplicasOf(topic).Where(replica => replica.IsLeader).MaxBy(replica => replica.LeaderEpoch)?.Leader.Value ?? -1;
                return Task.FromResult(leader >= 0);
            },
            $"somebody leads {topic}");
        return leader;
    }

    /// <summary>Waits until all replicas of the topic's only partition are in sync, as its leader knows.</summary>
    public Task WholeAsync(string topic, int replicas = 3) => UntilAsync(
        () => Task.FromResult(ReplicasOf(topic).Any(replica => replica.IsLeader && replica.InSync.Count == replicas)),
        $"{replicas} replicas of {topic} are in sync");

    /// <summary>Who leads a partition at the moment, as the brokers that run agree; null where nobody does.</summary>
    public int? TryFindLeader(TopicPartition partition) => look()
        .Where(broker => broker.State == BrokerState.Running)
        .SelectMany(broker => broker.Replicas)
        .Where(replica => replica.IsLeader && replica.Partition == partition)
        .MaxBy(replica => replica.LeaderEpoch.Value)?.Leader.Value;

    /// <summary>The replicas of the topic's only partition on brokers that run.</summary>
    private IEnumerable<ReplicaStatus> ReplicasOf(string topic) =>
        look().Where(broker => broker.State == BrokerState.Running).SelectMany(broker => broker.Replicas).Where(replica => replica.Partition == new TopicPartition(topic, 0));

    private string Describe() => string.Join("; ", look().Select((broker, id) =>
        $"broker {id} {broker.State}: {string.Join(", ", broker.Replicas.Select(replica => $"{replica.Partition} leader {replica.Leader} epoch {replica.LeaderEpoch} in sync {string.Join('+', replica.InSync)} to {replica.HighWatermark}/{replica.LogEndOffset}"))}"));

    /// <param name="Replicas">What it knows of its own; empty where it has stopped.</param>
    internal sealed record Broker(string Endpoint, BrokerState State, IReadOnlyList<ReplicaStatus> Replicas);

    internal static List<string> Values(RecordSet records)
    {
        var values = new List<string>();
        var rest = records.Memory.Span;
        while (!rest.IsEmpty)
        {
            var batch = new RecordBatchView(rest);
            var reader = new RecordReader(batch.Records, batch.Count);
            while (reader.TryRead(out var record))
            {
                values.Add(Encoding.UTF8.GetString(record.Value));
            }

            rest = rest[batch.SizeBytes..];
        }

        return values;
    }
}
