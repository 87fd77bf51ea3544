using System.Net;
using OrleansBroker.Embedded.Cluster;
using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Messages;
using OrleansBroker.Protocol.Wire;
using OrleansBroker.Server.Tests;

namespace OrleansBroker.Embedded.Tests.Cluster;

/// <summary>Asks the brokers of a cluster over their listeners, as an administrator's tools do, and one topic's producers.</summary>
internal sealed class AdminClient(EmbeddedCluster cluster, string topic)
{
    public TResponse Ask<TRequest, TResponse>(int broker, TRequest request, short version)
        where TRequest : IRequest<TResponse>
        where TResponse : IWireStruct, new()
    {
        using var client = new TestClient(IPEndPoint.Parse(cluster.Brokers[broker].Endpoint));
        return client.Call<TRequest, TResponse>(request, version);
    }

    public async Task CreateAsync(int broker, int[][] assignment)
    {
        var response = Ask<CreateTopicsRequest, CreateTopicsResponse>(broker, new CreateTopicsRequest
        {
            TimeoutMs = 30_000,
            Topics =
            [
                new()
                {
                    Name = topic,
                    NumPartitions = -1,
                    ReplicationFactor = -1,
                    Assignments = [.. assignment.Select((brokers, index) => new CreateTopicsRequest.CreatableReplicaAssignment { PartitionIndex = index, BrokerIds = brokers })],
                },
            ],
        }, version: 7);
        Assert.Equal((ErrorCode.None, (string?)null), (response.Topics[0].ErrorCode, response.Topics[0].ErrorMessage));
        for (var id = 0; id < cluster.Brokers.Count; id++)
        {
            var asked = id;
            await UntilAsync(() => cluster.Brokers[asked].State == BrokerState.Stopped || (Describe(asked).Partitions is var partitions && partitions.Length == assignment.Length && partitions.All(each => each.LeaderId >= 0)));
        }
    }

    /// <summary>The topic as a broker describes it.</summary>
    public MetadataResponse.MetadataResponseTopic Describe(int broker) =>
        Ask<MetadataRequest, MetadataResponse>(broker, new MetadataRequest { Topics = [new() { Name = topic }], AllowAutoTopicCreation = false }, version: 9).Topics[0];

    public MetadataResponse.MetadataResponsePartition Describe(int broker, int partition) => Describe(broker).Partitions.Single(each => each.PartitionIndex == partition);

    /// <summary>Appends record batches at the leader and waits until they are committed.</summary>
    public void Produce(int partition, byte[] batches)
    {
        var leader = Describe(0, partition).LeaderId;
        var response = Ask<ProduceRequest, ProduceResponse>(leader, Batches.Produce(topic, partition, batches, acks: -1), version: 9);
        Assert.Equal(ErrorCode.None, response.Responses[0].PartitionResponses[0].ErrorCode);
    }

    public ErrorCode Reassign(int broker, int partition, int[]? replicas)
    {
        var response = Ask<AlterPartitionReassignmentsRequest, AlterPartitionReassignmentsResponse>(broker, new AlterPartitionReassignmentsRequest
        {
            Topics = [new() { Name = topic, Partitions = [new() { PartitionIndex = partition, Replicas = replicas }] }],
        }, version: 1);
        return response.Responses[0].Partitions[0].ErrorCode;
    }

    /// <summary>Replicas, and those that are added and removed, of the topic's moves that a broker knows of.</summary>
    public string Moves(int broker)
    {
        var response = Ask<ListPartitionReassignmentsRequest, ListPartitionReassignmentsResponse>(broker, new ListPartitionReassignmentsRequest { Topics = null }, version: 0);
        return string.Join("; ", response.Topics.Where(each => each.Name == topic).SelectMany(each => each.Partitions).Select(each =>
            $"{each.PartitionIndex}: {string.Join(',', each.Replicas)} +{string.Join(',', each.AddingReplicas)} -{string.Join(',', each.RemovingReplicas)}"));
    }

    public ErrorCode Elect(int broker, sbyte type, int partition)
    {
        var response = Ask<ElectLeadersRequest, ElectLeadersResponse>(broker, new ElectLeadersRequest
        {
            ElectionType = type,
            Topics = [new() { Topic = topic, Partitions = [partition] }],
        }, version: 2);
        return response.ReplicaElectionResults[0].PartitionResults[0].ErrorCode;
    }

    public void Alter(int broker, sbyte type, string resource, params (string Name, string Value)[] configs)
    {
        var response = Ask<IncrementalAlterConfigsRequest, IncrementalAlterConfigsResponse>(broker, new IncrementalAlterConfigsRequest
        {
            Resources = [new() { ResourceType = type, ResourceName = resource, Configs = Array.ConvertAll(configs, config => new IncrementalAlterConfigsRequest.AlterableConfig { Name = config.Name, Value = config.Value }) }],
        }, version: 1);
        Assert.Equal((ErrorCode.None, (string?)null), (response.Responses[0].ErrorCode, response.Responses[0].ErrorMessage));
    }

    /// <summary>The replica of a partition on a broker; null where it holds none.</summary>
    public ReplicaStatus? Replica(int broker, int partition) =>
        cluster.Brokers[broker].Replicas.SingleOrDefault(replica => replica.Partition == new TopicPartition(topic, partition));

    public static async Task UntilAsync(Func<bool> condition)
    {
        var begun = TimeProvider.System.GetTimestamp();
        while (!condition())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(begun) < TimeSpan.FromSeconds(60), "the condition was not met within a minute");
            await Task.Delay(20);
        }
    }
}
