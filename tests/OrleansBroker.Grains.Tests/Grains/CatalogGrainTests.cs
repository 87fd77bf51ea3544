using OrleansBroker.Abstractions;
using OrleansBroker.Abstractions.Catalog;
using OrleansBroker.Abstractions.Partitions;
using OrleansBroker.Core.Configuration;
using OrleansBroker.Protocol.Messages;

namespace OrleansBroker.Grains.Tests.Grains;

/// <summary>Topics and producer ids of callers inside Orleans, also while the documents cannot be reached.</summary>
[Collection(GrainCluster.Name)]
public sealed class CatalogGrainTests(GrainCluster cluster)
{
    [Fact]
    public async Task Topics_are_created_altered_described_and_deleted()
    {
        var catalog = cluster.Client.Catalog;

        Assert.True(await catalog.CreateTopicAsync("made-by-a-grain", partitions: 2, configs: new Dictionary<string, string> { ["retention.ms"] = "1000" }));
        Assert.False(await cluster.Silos.GrainsAt(2).Catalog.CreateTopicAsync("made-by-a-grain"));
        Assert.Equal(2, await catalog.PartitionCountAsync("made-by-a-grain"));
        await cluster.Silos.Client.UntilAsync(
            async () => await cluster.Silos.Client.DescribeAsync(1, ConfigResourceType.Topic, "made-by-a-grain", "retention.ms") == "1000", "another broker knows the topic");

        var added = await catalog.CreatePartitionsAsync(new CreatePartitionsRequest { TimeoutMs = 30_000, Topics = [new() { Name = "made-by-a-grain", Count = 3, Assignments = null }] });
        Assert.Equal(ErrorCode.None, added.Results[0].ErrorCode);
        Assert.Equal(3, await catalog.PartitionCountAsync("made-by-a-grain"));

        var altered = await catalog.AlterConfigsAsync(new IncrementalAlterConfigsRequest
        {
            Resources = [new() { ResourceType = (sbyte)ConfigResourceType.Topic, ResourceName = "made-by-a-grain", Configs = [new() { Name = "retention.ms", Value = "2000" }] }],
        });
        Assert.Equal(ErrorCode.None, altered.Responses[0].ErrorCode);
        var configs = await catalog.DescribeConfigsAsync(new DescribeConfigsRequest { Resources = [new() { ResourceType = (sbyte)ConfigResourceType.Topic, ResourceName = "made-by-a-grain", ConfigurationKeys = ["retention.ms"] }] });
        Assert.Equal("2000", configs.Results[0].Configs.Single().Value);

        await catalog.DeleteTopicAsync("made-by-a-grain");
        Assert.Null(await catalog.PartitionCountAsync("made-by-a-grain"));
        Assert.Equal(ErrorCode.UnknownTopicOrPartition, (await Assert.ThrowsAsync<BrokerException>(() => catalog.DeleteTopicAsync("made-by-a-grain"))).Error);
        Assert.Equal(ErrorCode.InvalidTopicException, (await Assert.ThrowsAsync<BrokerException>(() => catalog.CreateTopicAsync("not/a/name"))).Error);
    }

    [Fact]
    public async Task Every_producer_gets_an_id_of_its_own_whoever_asks()
    {
        var ids = await Task.WhenAll(Enumerable.Range(0, 30).Select(i => (i % 4 < 3 ? cluster.Silos.GrainsAt(i % 4) : cluster.Client).ProducerIds.NextAsync()));

        Assert.All(ids, id => Assert.Equal((ErrorCode.None, 0), (id.ErrorCode, id.ProducerEpoch)));
        Assert.Equal(30, ids.Select(id => id.ProducerId).Distinct().Count());
    }

    [Fact]
    public async Task While_the_documents_cannot_be_reached_the_grains_say_so_and_stay()
    {
        var topic = await cluster.TopicAsync("documents-away");
        var partition = cluster.Client.Partition(topic, 0);
        cluster.Silos.Storage.IsAway = true;
        try
        {
            Assert.Equal(0, await partition.AppendAsync([new("kept"u8.ToArray())]));
            Assert.Equal(1, await partition.LatestOffsetAsync());
            await Assert.ThrowsAsync<BrokerException>(() => cluster.Client.Catalog.CreateTopicAsync("not-now"));
        }
        finally
        {
            cluster.Silos.Storage.IsAway = false;
        }

        await cluster.Silos.Client.UntilAsync(() => TryCreateAsync("now-again"), "the catalog has recovered");
        Assert.Equal(1, await cluster.Client.Catalog.PartitionCountAsync("now-again"));
    }

    private async Task<bool> TryCreateAsync(string topic)
    {
        try
        {
            await cluster.Client.Catalog.CreateTopicAsync(topic);
            return true;
        }
        catch (BrokerException)
        {
            return false;
        }
    }
}
