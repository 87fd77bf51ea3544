using OrleansBroker.Core.Ports;
using OrleansBroker.Core.Producers;
using OrleansBroker.Embedded.Producers;
using OrleansBroker.Embedded.Tests.Topics;
using OrleansBroker.Simulation;

namespace OrleansBroker.Embedded.Tests;

public sealed class ProducerIdsTests
{
    private readonly SimulatedDisk _disk = new(seed: 1);
    private readonly HashSet<long> _seen = [];

    public ProducerIdsTests()
    {
        _disk.CreateDirectory("/data");
        _disk.FlushDirectory("/");
    }

    [Fact]
    public async Task No_id_comes_twice_within_a_process_and_after_restarts()
    {
        for (var restart = 0; restart < 3; restart++)
        {
            using var ids = new ProducerIds(Open());
            await TakeAsync(ids, ProducerIdBlock.BlockIds + 7);
            _disk.ProcessKill();
        }

        Assert.Equal(3 * (ProducerIdBlock.BlockIds + 7), _seen.Count);
    }

    [Fact]
    public async Task No_id_comes_twice_after_a_power_loss()
    {
        for (var restart = 0; restart < 20; restart++)
        {
            using var ids = new ProducerIds(Open());
            await TakeAsync(ids, 3);
            _disk.PowerLoss();
        }
    }

    [Fact]
    public async Task No_id_comes_twice_where_answers_of_the_store_are_lost()
    {
        var failures = 0;
        for (var seed = 1; seed <= 50; seed++)
        {
            using var ids = new ProducerIds(new FlakyDocumentStore(Open(), seed) { FailureChance = 0.5 });
            for (var i = 0; i < 2 * ProducerIdBlock.BlockIds; i++)
            {
                try
                {
                    await TakeAsync(ids, 1);
                }
                catch (IOException)
                {
                    failures++;
                }
            }
        }

        Assert.NotEqual(0, failures);
    }

    [Fact]
    public async Task Two_that_reserve_from_one_store_never_give_the_same_id()
    {
        var store = Open();
        var stalling = new StallingDocumentStore(store);
        using var slow = new ProducerIds(stalling);
        using var fast = new ProducerIds(store);
        stalling.Stall();
        var losing = slow.NextAsync(default).AsTask();
        await stalling.Stalled;

        await TakeAsync(fast, 5);
        stalling.Resume();

        Assert.True(_seen.Add((await losing).Value));
        await TakeAsync(slow, ProducerIdBlock.BlockIds);
        await TakeAsync(fast, ProducerIdBlock.BlockIds);
    }

    [Fact]
    public async Task Many_callers_at_once_get_an_id_each()
    {
        using var ids = new ProducerIds(Open());

        var taken = await Task.WhenAll(Enumerable.Range(0, 2500).Select(_ => Task.Run(async () => (await ids.NextAsync(default)).Value)));

        Assert.Equal(2500, taken.Distinct().Count());
    }

    /// <summary>Producers ask on the thread that polls the sockets, and a document is flushed before its write ends.</summary>
    [Fact]
    public async Task A_block_is_reserved_on_another_thread_than_the_one_that_asks()
    {
        var store = new OneDocument();
        using var ids = new ProducerIds(store);
        Task<Protocol.ProducerId>? asking = null;
        var asker = new Thread(() => asking = ids.NextAsync(default).AsTask());
        asker.Start();
        asker.Join();

        Assert.Equal(0, (await asking!).Value);
        Assert.DoesNotContain(asker.ManagedThreadId, store.Threads);
        Assert.NotEmpty(store.Threads);
    }

    private FileDocumentStore Open() => new(_disk, "/data/documents");

    private async Task TakeAsync(ProducerIds ids, int count)
    {
        for (var i = 0; i < count; i++)
        {
            var id = (await ids.NextAsync(default)).Value;
            Assert.True(_seen.Add(id), $"{id} came twice");
        }
    }

    private sealed class OneDocument : IDocumentStore
    {
        public List<int> Threads { get; } = [];

        public ValueTask<StoredDocument?> ReadAsync(string name, CancellationToken cancellation)
        {
            Threads.Add(Environment.CurrentManagedThreadId);
            return new((StoredDocument?)null);
        }

        public ValueTask<string?> WriteAsync(string name, ReadOnlyMemory<byte> content, string? expectedETag, CancellationToken cancellation)
        {
            Threads.Add(Environment.CurrentManagedThreadId);
            return new("1");
        }

        public ValueTask<bool> DeleteAsync(string name, string expectedETag, CancellationToken cancellation) => new(false);
    }
}
