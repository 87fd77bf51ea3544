using OrleansBroker.Core.Topics;
using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Messages;

namespace OrleansBroker.Core.Tests.Topics;

public sealed class PartitionCreationTests
{
    [Fact]
    public void A_topic_grows_and_keeps_what_it_has()
    {
        var catalog = new CatalogHarness(brokers: 3);
        catalog.Create("orders", 2, 2);
        var before = catalog.Catalog.Find("orders")!;

        Assert.Equal(ErrorCode.None, Grow(catalog, "orders", 5));

        var after = catalog.Catalog.Find("orders")!;
        Assert.Equal(before.Id, after.Id);
        Assert.Equal(5, after.Replicas.Length);
        Assert.Equal(before.Replicas, after.Replicas.Take(2));
        Assert.All(after.Replicas, replicas => Assert.Equal(2, replicas.Length));
    }

    [Theory]
    [InlineData(2)]
    [InlineData(1)]
    [InlineData(0)]
    [InlineData(-1)]
    public void A_topic_does_not_stay_or_shrink(int count)
    {
        var catalog = new CatalogHarness();
        catalog.Create("orders", 2);

        Assert.Equal(ErrorCode.InvalidPartitions, Grow(catalog, "orders", count));
    }

    [Fact]
    public void An_unknown_topic_does_not_grow()
    {
        Assert.Equal(ErrorCode.UnknownTopicOrPartition, Grow(new CatalogHarness(), "orders", 2));
    }

    [Fact]
    public void An_internal_topic_does_not_grow()
    {
        var catalog = new CatalogHarness();
        catalog.Run(catalog.Catalog.CreateOnFirstUse([InternalTopics.ConsumerOffsets], catalog.View));

        Assert.Equal(ErrorCode.InvalidTopicException, Grow(catalog, InternalTopics.ConsumerOffsets, 60));
    }

    [Theory]
    [InlineData("1;2", ErrorCode.None)]
    [InlineData("1", ErrorCode.InvalidReplicaAssignment)]
    [InlineData("1;2;0", ErrorCode.InvalidReplicaAssignment)]
    [InlineData("1;9", ErrorCode.InvalidReplicaAssignment)]
    [InlineData("1;1,2", ErrorCode.InvalidReplicaAssignment)]
    public void An_assignment_has_a_list_of_the_same_length_for_each_new_partition(string assignments, ErrorCode code)
    {
        var catalog = new CatalogHarness(brokers: 3);
        catalog.Create("orders", 1, 1);

        Assert.Equal(code, Grow(catalog, "orders", 3, assignments));
    }

    [Fact]
    public void Validate_only_changes_nothing()
    {
        var catalog = new CatalogHarness();
        catalog.Create("orders", 1);

        var result = catalog.Catalog.CreatePartitions(new() { Topics = [new() { Name = "orders", Count = 3, Assignments = null }], ValidateOnly = true }, catalog.View);

        Assert.Empty(result.Records);
        Assert.Equal(ErrorCode.None, result.Response.Results[0].ErrorCode);
    }

    private static ErrorCode Grow(CatalogHarness catalog, string topic, int count, string? assignments = null)
    {
        var lists = assignments?.Split(';').Select(list => new CreatePartitionsRequest.CreatePartitionsAssignment { BrokerIds = [.. list.Split(',').Select(id => int.Parse(id, null))] });
        var response = catalog.Run(catalog.Catalog.CreatePartitions(new() { Topics = [new() { Name = topic, Count = count, Assignments = lists?.ToArray() }] }, catalog.View));
        return Assert.Single(response.Results).ErrorCode;
    }
}
