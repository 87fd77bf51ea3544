using OrleansBroker.Core.Ports;
using OrleansBroker.Embedded.Producers;

namespace OrleansBroker.Embedded.Tests;

public sealed class ProducerIdsTests
{
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
