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
        var read = CatalogDocuments.ReadTopic(CatalogDocuments.WriteTopic(Topic, Guid.NewGuid()));

        Assert.Equal((Topic.Name, Topic.Id), (read.Name, read.Id));
        Assert.Equal(Topic.Replicas, read.Replicas);
        Assert.Equal(Topic.Configs, read.Configs);
    }

    [Fact]
    public void The_index_leads_from_names_to_ids()
    {
        Assert.Equal([KeyValuePair.Create("orders", Topic.Id)], CatalogDocuments.ReadIndex(CatalogDocuments.WriteIndex([Topic], Guid.NewGuid())));
    }

    [Fact]
    public void Two_writes_of_the_same_can_be_told_apart()
    {
        Assert.NotEqual(CatalogDocuments.WriteTopic(Topic, Guid.NewGuid()), CatalogDocuments.WriteTopic(Topic, Guid.NewGuid()));
    }

    [Fact]
    public void A_document_is_named_for_what_it_holds()
    {
        Assert.Equal("config/broker", CatalogDocuments.NameOf((BrokerId?)null));
        Assert.Equal("config/broker/3", CatalogDocuments.NameOf(new BrokerId(3)));
        Assert.Equal($"topic/{Topic.Id:N}", CatalogDocuments.NameOf(Topic.Id));
    }
}
