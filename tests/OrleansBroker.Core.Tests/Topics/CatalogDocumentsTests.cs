using System.Text;
using OrleansBroker.Core.Topics;
using OrleansBroker.Protocol;

namespace OrleansBroker.Core.Tests.Topics;

public sealed class CatalogDocumentsTests
{
    private static readonly CatalogTopic Topic = new("orders", Guid.NewGuid(), [[new BrokerId(1), new BrokerId(2)], [new BrokerId(2), new BrokerId(1)]])
    {
        Configs = new Dictionary<string, string> { ["retention.ms"] = "5" },
    };

    [Fact]
    public void A_topic_reads_back_as_it_was_written()
    {
        var (read, version) = CatalogDocuments.ReadTopic(CatalogDocuments.WriteTopic(Topic, 7, Guid.NewGuid()));

        Assert.Equal(7, version);
        Assert.Equal((Topic.Name, Topic.Id), (read.Name, read.Id));
        Assert.Equal(Topic.Replicas, read.Replicas);
        Assert.Equal(Topic.Configs, read.Configs);
    }

    [Fact]
    public void The_index_has_the_version_of_each_document_and_its_own()
    {
        var index = CatalogIndex.Empty
            .With([new TopicCreated(Topic), new BrokerConfigChanged(null, Topic.Configs)], 4)
            .With([new BrokerConfigChanged(new BrokerId(3), Topic.Configs)], 5);

        var read = CatalogDocuments.ReadIndex(CatalogDocuments.WriteIndex(index, Guid.NewGuid()));

        Assert.Equal(5, read.Version);
        Assert.Equal([KeyValuePair.Create(Topic.Id, new IndexedTopic("orders", 4))], read.Topics);
        Assert.Equal(new Dictionary<string, long> { ["config/broker"] = 4, ["config/broker/3"] = 5 }, read.Configs);
        Assert.Empty(index.With([new TopicDeleted(Topic)], 6).Topics);
    }

    [Fact]
    public void An_index_and_documents_from_before_there_were_versions_are_read()
    {
        var index = CatalogDocuments.ReadIndex(Encoding.UTF8.GetBytes($$$"""{"write":"{{{Guid.NewGuid()}}}","topics":{"orders":"{{{Topic.Id}}}"}}"""));
        var (_, version) = CatalogDocuments.ReadConfigs(Encoding.UTF8.GetBytes($$$"""{"write":"{{{Guid.NewGuid()}}}","configs":{"log.retention.ms":"5"}}"""));

        Assert.Equal((0, 0), (index.Version, version));
        Assert.Equal([KeyValuePair.Create(Topic.Id, new IndexedTopic("orders", 0))], index.Topics);
    }

    [Fact]
    public void Two_writes_of_the_same_can_be_told_apart()
    {
        Assert.NotEqual(CatalogDocuments.WriteTopic(Topic, 1, Guid.NewGuid()), CatalogDocuments.WriteTopic(Topic, 1, Guid.NewGuid()));
    }

    [Fact]
    public void A_document_is_named_for_what_it_holds()
    {
        Assert.Equal("config/broker", CatalogDocuments.NameOf((BrokerId?)null));
        Assert.Equal("config/broker/3", CatalogDocuments.NameOf(new BrokerId(3)));
        Assert.Equal(new BrokerId(3), CatalogDocuments.BrokerOf("config/broker/3"));
        Assert.Null(CatalogDocuments.BrokerOf("config/broker"));
        Assert.Equal($"topic/{Topic.Id:N}", CatalogDocuments.NameOf(Topic.Id));
    }
}
