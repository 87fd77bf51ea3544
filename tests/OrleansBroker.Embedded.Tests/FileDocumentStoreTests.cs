using System.Text;
using OrleansBroker.Embedded.Documents;
using OrleansBroker.Protocol.Records;
using OrleansBroker.Simulation;

namespace OrleansBroker.Embedded.Tests;

public sealed class FileDocumentStoreTests
{
    private const string Directory = "/data/documents";

    private readonly SimulatedDisk _disk = NewDisk(seed: 1);

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
    public async Task An_empty_document_is_one_and_a_deleted_one_is_none_for_the_next_process_too()
    {
        var store = Open();
        await Write(store, "empty", "", null);
        var etag = await Write(store, "deleted", "one", null);
        Assert.True(await store.DeleteAsync("deleted", etag!, default));
        store.Dispose();

        store = Open();
        Assert.Equal("", await Read(store, "empty"));
        Assert.Null(await Read(store, "deleted"));
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
    public async Task A_flipped_bit_is_an_error_and_not_a_lost_document()
    {
        var store = Open();
        await Write(store, "a", "one", null);
        await Write(store, "b", "two", null);
        store.Dispose();
        var length = _disk.ReadAll(Journal()).Length;
        for (var bit = 0; bit < 8 * (length - JournalFrame.HeaderBytes); bit += 5)
        {
            _disk.FlipBit(Journal(), bit);
            Assert.Throws<IOException>(Open);
            _disk.FlipBit(Journal(), bit);
        }

        Assert.Equal("two", await Read(Open(), "b"));
    }

    [Fact]
    public async Task A_crash_at_any_step_of_a_write_leaves_the_old_content_or_the_new_and_an_answered_write_stays()
    {
        for (var step = 1; ; step++)
        {
            var disk = NewDisk(seed: step);
            var etag = await Write(new FileDocumentStore(disk, Directory), "a", "old", null);
            var store = new FileDocumentStore(disk, Directory);
            disk.CrashAfter(step, tornBytes: step);
            var isAnswered = await IsAnswered(() => Write(store, "a", "new", etag));

            disk.PowerLoss();
            var content = await Read(new FileDocumentStore(disk, Directory), "a");
            Assert.True(content == "new" || (content == "old" && !isAnswered), $"step {step} at {disk.CrashedAt}: '{content}'");
            if (isAnswered)
            {
                return;
            }
        }
    }

    [Fact]
    public async Task A_crash_while_many_write_and_the_journal_is_rewritten_loses_no_answered_write()
    {
        for (var seed = 1; seed <= 60; seed++)
        {
            var disk = NewDisk(seed);
            disk.Faults = new DiskFaults { TearBytes = seed % 2 == 0 ? 512 : 1, DirectoryOperationsReordered = seed % 3 == 0 };
            var store = new FileDocumentStore(disk, Directory);
            var etags = await Task.WhenAll(Enumerable.Range(0, 24).Select(i => Write(store, $"topic/{i}", Large(i, 0), null).AsTask()));
            disk.CrashAfter(1 + (seed % 40), tornBytes: seed * 997);

            var answered = await Task.WhenAll(Enumerable.Range(0, 24).Select(i => LastAnswered(store, i, etags[i])));
            disk.PowerLoss();

            store = new FileDocumentStore(disk, Directory);
            for (var i = 0; i < 24; i++)
            {
                var content = await Read(store, $"topic/{i}");
                Assert.True(content == Large(i, answered[i]) || content == Large(i, answered[i] + 1), $"seed {seed}, topic/{i} at {disk.CrashedAt}");
            }

            Assert.Single(disk.ListFiles(Directory));
        }

        // Six rounds of these are more than a journal may have beside what it says.
        static async Task<int> LastAnswered(FileDocumentStore store, int document, string? etag)
        {
            for (var round = 1; round <= 6; round++)
            {
                var before = etag;
                if (!await IsAnswered(async () => etag = await Write(store, $"topic/{document}", Large(document, round), before)))
                {
                    return round - 1;
                }
            }

            return 6;
        }

        static string Large(int document, int round) => $"{document}-{round}-{new string('x', 50_000)}";
    }

    [Fact]
    public async Task A_journal_does_not_grow_for_ever_and_ETags_do_not_come_back()
    {
        var store = Open();
        var seen = new HashSet<string>();
        var content = new string('x', 300_000);
        for (var i = 0; i < 60; i++)
        {
            var etag = await Write(store, "a", content, null);
            Assert.True(seen.Add(etag!));
            Assert.True(await store.DeleteAsync("a", etag!, default));
            if (i % 9 == 0)
            {
                store.Dispose();
                store = Open();
            }
        }

        Assert.InRange(_disk.ReadAll(Journal()).Length, 0, 6 << 20);
    }

    [Fact]
    public async Task Documents_in_files_of_their_own_are_taken_over_whatever_crash_comes_in_between()
    {
        string[] names = ["topic/a", "broker", new string('x', 250)];
        for (var step = 1; ; step++)
        {
            var disk = NewDisk(seed: step);
            disk.CreateDirectory(Directory);
            foreach (var name in names)
            {
                WriteFile(disk, name);
            }

            disk.FlushDirectory(Directory);
            disk.FlushDirectory("/data");
            disk.CrashAfter(step);
            var isAnswered = await IsAnswered(() => Write(new FileDocumentStore(disk, Directory), "new", "new", null));
            disk.PowerLoss();

            var store = new FileDocumentStore(disk, Directory);
            foreach (var name in names)
            {
                Assert.True(await Read(store, name) == $"content of {name}", $"step {step} at {disk.CrashedAt}");
            }

            Assert.Single(disk.ListFiles(Directory));
            if (isAnswered)
            {
                Assert.Equal("new", await Read(store, "new"));
                return;
            }
        }

        static void WriteFile(SimulatedDisk disk, string name)
        {
            var content = Encoding.UTF8.GetBytes($"content of {name}");
            using var file = disk.Open($"{Directory}/{DocumentKeys.Of(name)}");
            file.Write(0, [.. Encoding.ASCII.GetBytes($"{Guid.NewGuid():N} {Crc32C.Compute(content):x8}\n"), .. content]);
            file.Flush();
        }
    }

    [Fact]
    public async Task A_write_that_fails_is_not_there_and_the_next_is_as_ever()
    {
        var store = Open();
        var etag = await Write(store, "a", "one", null);
        _disk.Faults = new DiskFaults { FlushErrorChance = 1 };
        await Assert.ThrowsAsync<IOException>(async () => await Write(store, "a", "two", etag));
        Assert.Equal("one", await Read(store, "a"));
        await Assert.ThrowsAsync<IOException>(async () => await Write(store, "b", "two", null));

        _disk.Faults = new DiskFaults();
        Assert.NotNull(await Write(store, "a", "three", etag));
        store.Dispose();
        store = Open();
        Assert.Equal("three", await Read(store, "a"));
        Assert.Null(await Read(store, "b"));
    }

    [Fact]
    public async Task A_full_disk_refuses_writes_and_is_read_all_the_same()
    {
        var store = Open();
        var etag = await Write(store, "a", "one", null);
        var used = _disk.ReadAll(Journal()).Length;
        _disk.Faults = new DiskFaults { CapacityBytes = used + 30 };
        for (var i = 0; i < 3; i++)
        {
            await Assert.ThrowsAnyAsync<IOException>(async () => await Write(store, "a", new string('x', 1000), etag));
        }

        Assert.Equal("one", await Read(store, "a"));
        _disk.Faults = new DiskFaults();
        Assert.NotNull(await Write(store, "a", "two", etag));
        store.Dispose();
        Assert.Equal("two", await Read(Open(), "a"));
    }

    [Fact]
    public async Task Of_many_writes_against_one_ETag_one_is_done()
    {
        var store = Open();
        var etag = await Write(store, "a", "old", null);
        var etags = await Task.WhenAll(Enumerable.Range(0, 50).Select(i => Write(store, "a", $"new-{i}", etag).AsTask()));

        var winner = Assert.Single(Enumerable.Range(0, 50), i => etags[i] is not null);
        Assert.Equal($"new-{winner}", await Read(store, "a"));
    }

    [Fact]
    public async Task What_waits_when_the_store_is_closed_is_written_and_what_comes_later_is_refused()
    {
        var store = Open();
        var writes = Enumerable.Range(0, 20).Select(i => Write(store, $"topic/{i}", "one", null).AsTask()).ToArray();
        store.Dispose();
        await Task.WhenAll(writes);

        await Assert.ThrowsAsync<IOException>(async () => await Write(store, "a", "one", null));
        Assert.Equal("one", await Read(Open(), "topic/19"));
    }

    private static SimulatedDisk NewDisk(int seed)
    {
        var disk = new SimulatedDisk(seed);
        disk.CreateDirectory("/data");
        disk.FlushDirectory("/");
        return disk;
    }

    private static async Task<bool> IsAnswered(Func<ValueTask<string?>> write)
    {
        try
        {
            await write();
            return true;
        }
        catch (SimulatedCrashException)
        {
            return false;
        }
    }

    private string Journal() => $"{Directory}/{Assert.Single(_disk.ListFiles(Directory))}";

    private FileDocumentStore Open() => new(_disk, Directory);

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

        Assert.All(names, name => Assert.InRange(DocumentKeys.Of(name).Length, 1, 255));
    }
}
