using OrleansBroker.Core.Ports;

namespace OrleansBroker.Embedded.Tests.Topics;

/// <summary>A store that now and then loses an answer, after it did what was asked or before.</summary>
internal sealed class FlakyDocumentStore(IDocumentStore store, int seed) : IDocumentStore
{
    private readonly Random _random = new(seed);

    /// <summary>Of any call.</summary>
    public double FailureChance { get; set; }

    public async ValueTask<StoredDocument?> ReadAsync(string name, CancellationToken cancellation)
    {
        var isLost = IsLost();
        return isLost ? throw Lost() : await store.ReadAsync(name, cancellation);
    }

    public async ValueTask<string?> WriteAsync(string name, ReadOnlyMemory<byte> content, string? expectedETag, CancellationToken cancellation)
    {
        if (!IsLost())
        {
            return await store.WriteAsync(name, content, expectedETag, cancellation);
        }

        if (_random.Next(2) == 0)
        {
            await store.WriteAsync(name, content, expectedETag, cancellation);
        }

        throw Lost();
    }

    public async ValueTask<bool> DeleteAsync(string name, string expectedETag, CancellationToken cancellation)
    {
        if (!IsLost())
        {
            return await store.DeleteAsync(name, expectedETag, cancellation);
        }

        if (_random.Next(2) == 0)
        {
            await store.DeleteAsync(name, expectedETag, cancellation);
        }

        throw Lost();
    }

    private bool IsLost() => _random.NextDouble() < FailureChance;

    private static IOException Lost() => new("the answer is lost");
}
