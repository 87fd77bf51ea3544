using System.Buffers.Binary;
using System.Text;
using OrleansBroker.Core.Documents;
using OrleansBroker.Core.Ports;

namespace OrleansBroker.Grains.Tests.Stores;

/// <summary>What brokers rely on, in each store that can be chosen: a document is written over what its writer has read and over nothing else.</summary>
public sealed class StoredDocumentsTests(StoreServers servers) : IClassFixture<StoreServers>
{
    private const int Writers = 8;

    [Theory, StoreData(Store.Redis), StoreData(Store.PostgreSql), StoreData(Store.AzureBlobs)]
    public async Task A_document_is_written_only_over_what_its_writer_has_read(string store)
    {
        var documents = await OpenAsync(store);
        var name = NewName();
        Assert.Null(await documents.ReadAsync(name, default));
        var etag = await documents.WriteAsync(name, Text("one"), null, default);
        Assert.NotNull(etag);

        Assert.Null(await documents.WriteAsync(name, Text("two"), null, default));
        var next = await documents.WriteAsync(name, Text("two"), etag, default);
        Assert.NotNull(next);
        Assert.Null(await documents.WriteAsync(name, Text("three"), etag, default));
        Assert.False(await documents.DeleteAsync(name, etag, default));

        var found = await documents.ReadAsync(name, default);
        Assert.Equal(("two", next), (Text(found!), found!.ETag));
        Assert.True(await documents.DeleteAsync(name, next, default));
        Assert.Null(await documents.ReadAsync(name, default));
    }

    [Theory, StoreData(Store.Redis), StoreData(Store.PostgreSql), StoreData(Store.AzureBlobs)]
    public async Task A_write_that_comes_late_does_not_find_its_document_again_in_one_that_was_created_anew(string store)
    {
        var documents = await OpenAsync(store);
        var name = NewName();
        var etag = await documents.WriteAsync(name, Text("first life"), null, default);
        Assert.True(await documents.DeleteAsync(name, etag!, default));
        Assert.Null(await documents.WriteAsync(name, Text("too late for a document that is gone"), etag, default));
        Assert.NotNull(await documents.WriteAsync(name, Text("second life"), null, default));

        Assert.Null(await documents.WriteAsync(name, Text("late"), etag, default));

        Assert.Equal("second life", Text((await documents.ReadAsync(name, default))!));
    }

    [Theory, StoreData(Store.Redis), StoreData(Store.PostgreSql), StoreData(Store.AzureBlobs)]
    public async Task Of_many_that_create_a_document_at_once_one_does(string store)
    {
        var documents = await OpenAsync(store);
        for (var round = 0; round < 10; round++)
        {
            var name = NewName();

            var etags = await Task.WhenAll(Enumerable.Range(0, Writers).Select(writer => documents.WriteAsync(name, Text($"writer {writer}"), null, default).AsTask()));

            var winner = Assert.Single(etags.Index(), etag => etag.Item is not null);
            var found = await documents.ReadAsync(name, default);
            Assert.Equal(($"writer {winner.Index}", winner.Item), (Text(found!), found!.ETag));
        }
    }

    [Theory, StoreData(Store.Redis), StoreData(Store.PostgreSql), StoreData(Store.AzureBlobs)]
    public async Task Of_many_that_write_over_the_same_document_at_once_one_does(string store)
    {
        const int additions = 5;
        var documents = await OpenAsync(store);
        var name = NewName();
        await documents.WriteAsync(name, Number(0), null, default);

        await Task.WhenAll(Enumerable.Range(0, Writers).Select(_ => AddAsync(documents, name, additions)));

        Assert.Equal(Writers * additions, BinaryPrimitives.ReadInt32LittleEndian((await documents.ReadAsync(name, default))!.Content.Span));
    }

    /// <summary>It has to be asked again what became of it: who took a refusal for an answer would give up what is its own.</summary>
    [Theory, StoreData(Store.Redis), StoreData(Store.PostgreSql), StoreData(Store.AzureBlobs)]
    public async Task A_write_whose_answer_is_lost_is_neither_done_nor_refused(string store)
    {
        var documents = await OpenAsync(store);
        var name = NewName();
        Assert.Null(await documents.ReadAsync(name, default));

        var lost = servers.ProxyBefore(store).LoseNextAnswerAsync();
        await Assert.ThrowsAsync<IOException>(() => documents.WriteAsync(name, Text("one"), null, default).AsTask());
        await lost;

        Assert.Equal("one", Text(await AnswerAsync(() => documents.ReadAsync(name, default))));
        Assert.False(await new DocumentWriter(documents).CreateAsync(name, Text("two"), default));
    }

    /// <summary>Names have slashes in them, and some could be taken to be numbers.</summary>
    [Theory, StoreData(Store.Redis), StoreData(Store.PostgreSql), StoreData(Store.AzureBlobs)]
    public async Task Documents_of_different_names_are_different(string store)
    {
        var documents = await OpenAsync(store);
        string[] names = [.. new[] { "topic/a", "topic/A", "topic/a/0", "broker/1", "producer-ids", "topic/äöü" }.Select(name => $"{name}{Guid.NewGuid():N}"), $"{Guid.NewGuid():N}"];
        foreach (var name in names)
        {
            Assert.NotNull(await documents.WriteAsync(name, Text(name), null, default));
        }

        foreach (var name in names)
        {
            Assert.Equal(name, Text((await documents.ReadAsync(name, default))!));
        }
    }

    private async Task<IDocumentStore> OpenAsync(string store) => (await servers.DocumentsAsync(store)).Documents;

    private static async Task AddAsync(IDocumentStore documents, string name, int times)
    {
        while (times > 0)
        {
            var found = (await documents.ReadAsync(name, default))!;
            var sum = BinaryPrimitives.ReadInt32LittleEndian(found.Content.Span) + 1;
            times -= await documents.WriteAsync(name, Number(sum), found.ETag, default) is null ? 0 : 1;
        }
    }

    /// <summary>What the store says once it can be reached again.</summary>
    private static async Task<StoredDocument> AnswerAsync(Func<ValueTask<StoredDocument?>> read)
    {
        while (true)
        {
            try
            {
                return (await read())!;
            }
            catch (IOException)
            {
                await Task.Delay(20);
            }
        }
    }

    private static string NewName() => $"topic/{Guid.NewGuid():N}";

    private static byte[] Number(int number)
    {
        var bytes = new byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, number);
        return bytes;
    }

    private static byte[] Text(string text) => Encoding.UTF8.GetBytes(text);

    private static string Text(StoredDocument document) => Encoding.UTF8.GetString(document.Content.Span);
}
