using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Messages;
using OrleansBroker.Server.Handlers;

namespace OrleansBroker.Server.Tests.Handlers;

public sealed class DescribeTopicPartitionsHandlerTests
{
    private readonly AdminHarness _harness = new("max.request.partition.size.limit=4");

    [Fact]
    public async Task Pages_follow_one_another_through_all_topics()
    {
        await _harness.CreateAsync("c", 2);
        await _harness.CreateAsync("a", 3);
        await _harness.CreateAsync("b", 5);
        var pages = new List<string>();
        for (DescribeTopicPartitionsResponse.Cursor? cursor = new(); cursor is not null;)
        {
            var page = await Send([], limit: 2000, cursor.TopicName, cursor.PartitionIndex);
            pages.Add(string.Join(' ', page.Topics.Select(topic => topic.Name + string.Concat(topic.Partitions.Select(partition => partition.PartitionIndex)))));
            cursor = page.NextCursor;
        }

        Assert.Equal(["a012 b0", "b1234", "c01"], pages);
    }

    [Fact]
    public async Task The_smaller_limit_counts_and_one_partition_always_fits()
    {
        await _harness.CreateAsync("a", 3);

        var page = await Send(["a"], limit: -1);

        Assert.Single(Assert.Single(page.Topics).Partitions);
        Assert.Equal(("a", 1), (page.NextCursor!.TopicName, page.NextCursor.PartitionIndex));
    }

    [Fact]
    public async Task Replica_lists_are_never_null()
    {
        await _harness.CreateAsync("a");

        var partition = Assert.Single(Assert.Single((await Send(["a"])).Topics).Partitions);

        Assert.Equal([0], partition.ReplicaNodes);
        Assert.Equal(0, partition.EligibleLeaderReplicas?.Length);
        Assert.Equal(0, partition.LastKnownElr?.Length);
        Assert.Equal([], partition.OfflineReplicas);
    }

    [Fact]
    public async Task Topics_that_do_not_exist_are_told_as_errors_where_they_were_named()
    {
        await _harness.CreateAsync("b");

        var page = await Send(["x", "b", "a/b", "b"]);

        Assert.Equal(
            [("a/b", ErrorCode.InvalidTopicException), ("b", ErrorCode.None), ("x", ErrorCode.UnknownTopicOrPartition)],
            page.Topics.Select(topic => (topic.Name!, topic.ErrorCode)));
        Assert.Null(page.NextCursor);
    }

    [Fact]
    public async Task A_cursor_stands_at_a_topic_of_the_request_and_at_a_partition()
    {
        await _harness.CreateAsync("a");

        Assert.Equal(ErrorCode.InvalidRequest, Assert.Single((await Send(["a"], 10, "b")).Topics).ErrorCode);
        Assert.Equal(ErrorCode.InvalidRequest, Assert.Single((await Send(["a"], 10, "a", -1)).Topics).ErrorCode);
        Assert.Empty(Assert.Single((await Send(["a"], 10, "a", 99)).Topics).Partitions);
    }

    private Task<DescribeTopicPartitionsResponse> Send(string[] topics, int limit = 2000, string? cursorTopic = null, int cursorPartition = 0) => _harness.SendAsync(
        new DescribeTopicPartitionsHandler(_harness.Broker),
        new DescribeTopicPartitionsRequest
        {
            Topics = Array.ConvertAll(topics, name => new DescribeTopicPartitionsRequest.TopicRequest { Name = name }),
            ResponsePartitionLimit = limit,
            Cursor = cursorTopic is null ? null : new() { TopicName = cursorTopic, PartitionIndex = cursorPartition },
        },
        0);
}
