using System.Text;
using OrleansBroker.Simulation;

namespace OrleansBroker.Embedded.Tests;

public sealed class FileDocumentStoreTests
{
    private readonly SimulatedDisk _disk = new(seed: 1);

    public FileDocumentStoreTests()
    {
        _disk.CreateDirectory("/data");
        _disk.FlushDirectory("/");
    }

    [Fact]
    public async Task A_document_is_read_as_it_was_written_also_by_the_next_process()
    {
        var etag = await Write(Open(), "topic/a", "one", null);

        foreach (var store in new[] { Open(), Open() })
        {
            var document = await store.ReadAsync("topic/a", default);
            Assert.Equal(("one", etag), (Encoding.UTF8.GetString(document!.Content.Span), document.ETag));
        }
    }

    [Fact]
    public async Task What_does_not_exist_is_null()
    {
        Assert.Null(await Open().ReadAsync("topic/a", default));
    }

    [Fact]
    public async Task A_write_against_another_ETag_changes_nothing()
    {
        var store = Open();
        var first = await Write(store, "a", "one", null);

        Assert.Null(await Write(store, "a", "two", null));
        Assert.Null(await Write(store, "a", "two", "another"));
        Assert.Null(await Write(store, "b", "two", first));
        Assert.Equal("one", await Read(store, "a"));

        var second = await Write(store, "a", "two", first);
        Assert.NotEqual(first, second);
        Assert.Null(await Write(store, "a", "three", first));
    }

    [Fact]
    public async Task A_deletion_needs_the_ETag_and_an_ETag_does_not_come_back()
    {
        var store = Open();
        var first = await Write(store, "a", "one", null);

        Assert.False(await store.DeleteAsync("a", "another", default));
        Assert.True(await store.DeleteAsync("a", first!, default));
        Assert.False(await store.DeleteAsync("a", first!, default));
        Assert.NotEqual(first, await Write(store, "a", "one", null));
    }

    [Fact]
    public async Task Names_that_are_no_file_names_do_not_meet()
    {
        var store = Open();
        string[] names = ["a/b", "a%002fb", "a.b", "..", ".", "a b", "ä", "a.tmp", "a", "A"];
        foreach (var name in names)
        {
            await Write(store, name, name, null);
        }

        store = Open();
        foreach (var name in names)
        {
            Assert.Equal(name, await Read(store, name));
        }
    }

    [Fact]
    public async Task A_flipped_bit_is_an_error_and_not_a_document()
    {
        var store = Open();
        await Write(store, "a", "one", null);
        _disk.FlipBit("/data/documents/a", 8 * 43);

        await Assert.ThrowsAsync<IOException>(async () => await store.ReadAsync("a", default));
    }

    [Fact]
    public async Task A_crash_at_any_step_of_a_write_leaves_the_old_content_or_the_new_and_an_answered_write_stays()
    {
        for (var step = 1; ; step++)
        {
            var disk = new SimulatedDisk(seed: step);
            disk.CreateDirectory("/data");
            disk.FlushDirectory("/");
            var store = new FileDocumentStore(disk, "/data/documents");
            var etag = await Write(store, "a", "old", null);
            disk.CrashAfter(step, tornBytes: step);
            var isAnswered = false;
            try
            {
                await Write(store, "a", "new", etag);
                isAnswered = true;
            }
            catch (SimulatedCrashException)
            {
            }

            disk.PowerLoss();
            var content = await Read(new FileDocumentStore(disk, "/data/documents"), "a");
            Assert.True(content == "new" || (content == "old" && !isAnswered), $"step {step} at {disk.CrashedAt}: '{content}'");
            if (isAnswered)
            {
                return;
            }
        }
    }

    private FileDocumentStore Open() => new(_disk, "/data/documents");

    private static ValueTask<string?> Write(FileDocumentStore store, string name, string content, string? etag) => store.WriteAsync(name, Encoding.UTF8.GetBytes(content), etag, default);

    private static async Task<string?> Read(FileDocumentStore store, string name) => (await store.ReadAsync(name, default)) is { } document ? Encoding.UTF8.GetString(document.Content.Span) : null;

    [Fact]
    public async Task Names_of_any_topic_make_file_names_that_a_disk_takes()
    {
        var store = Open();
        var names = new[] { $"topic/{new string('x', 249)}", $"topic/{new string('x', 248)}y", $"topic/{new string('.', 248)}a", $"topic/{new string('.', 248)}b" };
        foreach (var name in names)
        {
            Assert.NotNull(await Write(store, name, name, null));
        }

        foreach (var name in names)
        {
            Assert.Equal(name, await Read(Open(), name));
        }

        Assert.All(_disk.ListFiles("/data/documents"), file => Assert.InRange(file.Length + ".tmp".Length, 1, 255));
    }
}
