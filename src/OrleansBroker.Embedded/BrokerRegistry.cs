using System.Text.Json;
using System.Text.Json.Serialization;
using OrleansBroker.Core.Documents;
using OrleansBroker.Core.Ports;
using OrleansBroker.Protocol;

namespace OrleansBroker.Embedded;

/// <summary>
/// The documents <c>broker/{id}</c>: each start of a broker raises its broker epoch there by compare-and-swap, and notes whether
/// what it had acknowledged before can still be on its disk.
/// </summary>
internal sealed class BrokerRegistry(IDocumentStore documents, Random random, IBrokerLives? lives = null)
{
    private const int AttemptsMax = 5;

    private readonly DocumentWriter _documents = new(documents);

    /// <param name="wanted">Its epoch is that of its last life, as its data directory says: the documents may have gone back since.</param>
    /// <param name="note">Called with the epoch before it is written: from then on it is never given again, whatever becomes of the document.</param>
    /// <param name="isIntact">The last stop lost nothing.</param>
    /// <param name="brokers">Those that are known to live.</param>
    /// <exception cref="BrokerStartException">Another broker of this id lives.</exception>
    /// <exception cref="IOException">The document cannot be written.</exception>
    public async ValueTask<BrokerRegistration> RegisterAsync(BrokerRegistration wanted, bool isIntact, Action<long> note, ClusterView brokers, CancellationToken cancellation)
    {
        var name = $"broker/{wanted.Id}";
        for (var attempt = 1; attempt <= AttemptsMax; attempt++)
        {
            var before = await _documents.ReadAsync(name, cancellation) is { } content ? Parse(content.Span) : null;
            var isSameDirectory = before is not null && before.DirectoryId == wanted.DirectoryId;
            if (lives is null && before is not null && !isSameDirectory && brokers.IsAlive(wanted.Id))
            {
                throw new BrokerStartException($"node.id {wanted.Id}: a broker of this id is running with another data directory");
            }

            if (lives is not null && await lives.FindOtherAsync(before?.Life, isSameDirectory, cancellation) is { } other)
            {
                throw new BrokerStartException($"node.id {wanted.Id}: a broker of this id is running at {other}");
            }

            var epoch = Math.Max(before?.Epoch ?? 0, wanted.Epoch) + 1;
            note(epoch);

            // An older document may not know of a life that lost something.
            var isSameData = isIntact && isSameDirectory && before!.Epoch >= wanted.Epoch;
            var registration = wanted with { Epoch = epoch, DataEpoch = isSameData ? before!.DataEpoch : epoch };
            if (await _documents.WriteAsync(name, Serialize(registration), cancellation))
            {
                return registration;
            }
        }

        throw new BrokerStartException($"node.id {wanted.Id}: other brokers register under this id all the time");
    }

    private byte[] Serialize(BrokerRegistration registration) => JsonSerializer.SerializeToUtf8Bytes(
        new BrokerDocument(random.NextGuid(), registration.Epoch, registration.DataEpoch, registration.DirectoryId, registration.Host, registration.Port, registration.Rack, lives?.Self),
        BrokerJson.Default.BrokerDocument);

    private static BrokerDocument Parse(ReadOnlySpan<byte> content)
    {
        try
        {
            return JsonSerializer.Deserialize(content, BrokerJson.Default.BrokerDocument) ?? throw new JsonException("it is null");
        }
        catch (JsonException e)
        {
            throw new IOException($"The document of the broker is not what this version writes: {e.Message}", e);
        }
    }
}

/// <param name="Write">The id of the write: after a lost answer the writer looks for its own.</param>
/// <param name="Life">See <see cref="IBrokerLives.Self"/>; null where the host does not tell.</param>
internal sealed record BrokerDocument(Guid Write, long Epoch, long DataEpoch, Guid DirectoryId, string Host, int Port, string? Rack, string? Life);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(BrokerDocument))]
internal sealed partial class BrokerJson : JsonSerializerContext;
