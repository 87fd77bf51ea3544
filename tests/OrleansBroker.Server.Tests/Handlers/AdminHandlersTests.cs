using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Messages;
using OrleansBroker.Server.Handlers;

namespace OrleansBroker.Server.Tests.Handlers;

public sealed class AdminHandlersTests
{
    [Theory]
    [InlineData(2, ErrorCode.InvalidRequest)]
    [InlineData(3, ErrorCode.TopicDeletionDisabled)]
    [InlineData(6, ErrorCode.TopicDeletionDisabled)]
    public async Task No_topic_is_deleted_where_deletion_is_disabled(int version, ErrorCode code)
    {
        var harness = new AdminHarness("delete.topic.enable=false");
        await harness.CreateAsync("orders");
        var request = version < 6 ? new DeleteTopicsRequest { TopicNames = ["orders"] } : new DeleteTopicsRequest { Topics = [new() { Name = "orders" }] };

        var response = await harness.SendAsync(new DeleteTopicsHandler(harness.Broker), request, version);

        Assert.Equal(("orders", code), (Assert.Single(response.Responses).Name, response.Responses[0].ErrorCode));
        Assert.NotNull(harness.Broker.Metadata.Current.Find("orders"));
    }

    [Fact]
    public async Task A_topic_is_created_grown_altered_and_deleted()
    {
        var harness = new AdminHarness();
        var created = await harness.SendAsync(
            new CreateTopicsHandler(harness.Broker), new CreateTopicsRequest { Topics = [new() { Name = "orders", NumPartitions = -1, ReplicationFactor = -1 }] }, 7);
        var grown = await harness.SendAsync(new CreatePartitionsHandler(harness.Broker), new CreatePartitionsRequest { Topics = [new() { Name = "orders", Count = 3, Assignments = null }] }, 3);
        var replaced = await harness.SendAsync(
            new AlterConfigsHandler(harness.Broker),
            new AlterConfigsRequest { Resources = [new() { ResourceType = 2, ResourceName = "orders", Configs = [new() { Name = "retention.ms", Value = "7" }] }] },
            2);
        var altered = await harness.SendAsync(
            new IncrementalAlterConfigsHandler(harness.Broker),
            new IncrementalAlterConfigsRequest { Resources = [new() { ResourceType = 2, ResourceName = "orders", Configs = [new() { Name = "segment.ms", Value = "8" }] }] },
            1);

        Assert.Equal(
            [ErrorCode.None, ErrorCode.None, ErrorCode.None, ErrorCode.None],
            [created.Topics[0].ErrorCode, grown.Results[0].ErrorCode, replaced.Responses[0].ErrorCode, altered.Responses[0].ErrorCode]);
        var topic = harness.Broker.Metadata.Current.Find("orders")!;
        Assert.Equal((3, "7", "8"), (topic.Partitions.Length, topic.Configs["retention.ms"], topic.Configs["segment.ms"]));

        var deleted = await harness.SendAsync(new DeleteTopicsHandler(harness.Broker), new DeleteTopicsRequest { Topics = [new() { TopicId = topic.Id }] }, 6);
        Assert.Equal(("orders", ErrorCode.None), (deleted.Responses[0].Name, deleted.Responses[0].ErrorCode));
        Assert.Equal(0, harness.Broker.Metadata.Current.TopicCount);
    }

    [Fact]
    public async Task The_cluster_is_described()
    {
        var harness = new AdminHarness();

        var response = await harness.SendAsync(new DescribeClusterHandler(harness.Broker), new DescribeClusterRequest(), 2);

        Assert.Equal((ErrorCode.None, "the-cluster", 0, int.MinValue), (response.ErrorCode, response.ClusterId, response.ControllerId, response.ClusterAuthorizedOperations));
        Assert.Equal((0, "broker.example", 9092, "rack-a", false), Assert.Single(response.Brokers) is var broker ? (broker.BrokerId, broker.Host, broker.Port, broker.Rack, broker.IsFenced) : default);
    }

    [Theory]
    [InlineData(2, ErrorCode.MismatchedEndpointType)]
    [InlineData(3, ErrorCode.UnsupportedEndpointType)]
    public async Task An_endpoint_that_this_is_not_is_refused(sbyte endpointType, ErrorCode code)
    {
        var harness = new AdminHarness();

        Assert.Equal(code, (await harness.SendAsync(new DescribeClusterHandler(harness.Broker), new DescribeClusterRequest { EndpointType = endpointType }, 1)).ErrorCode);
    }
}
