using OrleansBroker.Core.Topics;
using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Messages;

namespace OrleansBroker.Core.Tests.Topics;

public sealed class TopicDeletionTests
{
    private readonly CatalogHarness _catalog = new();

    [Fact]
    public void A_topic_is_deleted_by_name_or_by_id()
    {
        _catalog.Create("by-name");
        var id = _catalog.Create("by-id").TopicId;

        Assert.Equal(ErrorCode.None, Delete(new() { TopicNames = ["by-name"] })[0].ErrorCode);
        var byId = Delete(new() { Topics = [new() { TopicId = id }] })[0];

        Assert.Equal((ErrorCode.None, "by-id", id), (byId.ErrorCode, byId.Name, byId.TopicId));
        Assert.Empty(_catalog.Catalog.Topics);
    }

    [Fact]
    public void What_is_not_there_is_unknown_by_name_or_by_id()
    {
        Assert.Equal(ErrorCode.UnknownTopicOrPartition, Delete(new() { TopicNames = ["orders"] })[0].ErrorCode);
        Assert.Equal(ErrorCode.UnknownTopicId, Delete(new() { Topics = [new() { TopicId = Guid.NewGuid() }] })[0].ErrorCode);
    }

    [Fact]
    public void A_topic_is_named_by_one_of_name_and_id_and_once()
    {
        var id = _catalog.Create("orders").TopicId;

        Assert.Equal(ErrorCode.InvalidRequest, Delete(new() { Topics = [new() { Name = "orders", TopicId = id }] })[0].ErrorCode);
        Assert.Equal(ErrorCode.InvalidRequest, Delete(new() { Topics = [new()] })[0].ErrorCode);
        Assert.Equal([ErrorCode.InvalidRequest], Delete(new() { TopicNames = ["orders", "orders"] }).Select(result => result.ErrorCode));
        Assert.NotNull(_catalog.Catalog.Find("orders"));
    }

    [Fact]
    public void An_internal_topic_stays()
    {
        _catalog.Run(_catalog.Catalog.CreateOnFirstUse([InternalTopics.ConsumerOffsets], _catalog.View));

        Assert.Equal(ErrorCode.InvalidTopicException, Delete(new() { TopicNames = [InternalTopics.ConsumerOffsets] })[0].ErrorCode);
    }

    [Fact]
    public void A_topic_of_the_same_name_gets_another_id()
    {
        var old = _catalog.Create("orders").TopicId;
        Delete(new() { TopicNames = ["orders"] });

        Assert.NotEqual(old, _catalog.Create("orders").TopicId);
        Assert.Null(_catalog.Catalog.Find(old));
    }

    private DeleteTopicsResponse.DeletableTopicResult[] Delete(DeleteTopicsRequest request) => _catalog.Run(_catalog.Catalog.DeleteTopics(request)).Responses;
}
