using System.Text;
using OrleansBroker.Core.Documents;
using OrleansBroker.Grains.Documents;

namespace OrleansBroker.Grains.Tests.Documents;

public sealed class GrainStorageDocumentsTests
{
    private static readonly byte[] One = "one"u8.ToArray();
    private static readonly byte[] Two = "two"u8.ToArray();

    [Fact]
    public async Task A_document_is_written_only_over_what_its_writer_has_read()
    {
        var documents = new GrainStorageDocuments(new FaultyGrainStorage());
        Assert.Null(await documents.ReadAsync("topic/1", CancellationToken.None));
        var etag = await documents.WriteAsync("topic/1", One, null, CancellationToken.None);
        Assert.NotNull(etag);

        Assert.Null(await documents.WriteAsync("topic/1", Two, null, CancellationToken.None));
        Assert.Null(await documents.WriteAsync("topic/1", Two, "another", CancellationToken.None));
        Assert.False(await documents.DeleteAsync("topic/1", "another", CancellationToken.None));
        var next = await documents.WriteAsync("topic/1", Two, etag, CancellationToken.None);

        Assert.Equal(("two", next), await TextAsync(documents, "topic/1"));
        Assert.True(await documents.DeleteAsync("topic/1", next!, CancellationToken.None));
        Assert.Null(await documents.ReadAsync("topic/1", CancellationToken.None));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_document_that_was_deleted_can_be_created_again(bool keepsETags)
    {
        var documents = new GrainStorageDocuments(new FaultyGrainStorage { KeepsETags = keepsETags });
        var etag = await documents.WriteAsync("a", One, null, CancellationToken.None);
        Assert.True(await documents.DeleteAsync("a", etag!, CancellationToken.None));

        Assert.Null(await documents.WriteAsync("a", Two, etag, CancellationToken.None));
        Assert.NotNull(await documents.WriteAsync("a", Two, null, CancellationToken.None));
        Assert.Equal("two", (await TextAsync(documents, "a")).Text);
    }

    [Fact]
    public async Task A_storage_that_fails_leaves_the_outcome_open_and_a_writer_finds_its_own_write()
    {
        var storage = new FaultyGrainStorage { IsAway = true };
        var documents = new GrainStorageDocuments(storage);
        await Assert.ThrowsAsync<IOException>(() => documents.ReadAsync("a", CancellationToken.None).AsTask());
        await Assert.ThrowsAsync<IOException>(() => documents.WriteAsync("a", One, null, CancellationToken.None).AsTask());

        storage.IsAway = false;
        storage.LosesAnswers = true;
        await Assert.ThrowsAsync<IOException>(() => documents.WriteAsync("a", One, null, CancellationToken.None).AsTask());
        storage.LosesAnswers = false;
        Assert.Equal("one", (await TextAsync(documents, "a")).Text);
        Assert.False(await new DocumentWriter(documents).CreateAsync("a", Two, CancellationToken.None));
    }

    private static async Task<(string? Text, string? ETag)> TextAsync(GrainStorageDocuments documents, string name) =>
        await documents.ReadAsync(name, CancellationToken.None) is { } found ? (Encoding.UTF8.GetString(found.Content.Span), found.ETag) : (null, null);
}
