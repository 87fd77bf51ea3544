using System.Text.Json;
using System.Text.Json.Serialization;
using OrleansBroker.Core.Ports;

namespace OrleansBroker.Embedded;

/// <summary>
/// The documents <c>broker/{id}</c>: each start of a broker raises its broker epoch there by compare-and-swap, and notes whether
/// what it had acknowledged before can still be on its disk.
/// </summary>
internal sealed class BrokerRegistry(IDocumentStore documents)
{
    private const int AttemptsMax = 5;

    /// <param name="isIntact">The last stop lost nothing.</param>
    /// <param name="brokers">Those that are known to live.</param>
    /// <exception cref="BrokerStartException">Another broker of this id lives.</exception>
    /// <exception cref="IOException">The document cannot be written.</exception>
    public async ValueTask<BrokerRegistration> RegisterAsync(BrokerRegistration wanted, bool isIntact, ClusterView brokers, CancellationToken cancellation)
    {
        var name = $"broker/{wanted.Id}";
        for (var attempt = 1; attempt <= AttemptsMax; attempt++)
        {
            var stored = await documents.ReadAsync(name, cancellation);
            var before = stored is null ? null : JsonSerializer.Deserialize(stored.Content.Span, BrokerJson.Default.BrokerDocument);
            if (before is not null && before.DirectoryId != wanted.DirectoryId && brokers.IsAlive(wanted.Id))
            {
                throw new BrokerStartException($"node.id {wanted.Id}: a broker of this id is running with another data directory");
            }

            var epoch = (before?.Epoch ?? 0) + 1;
            var isSameData = isIntact && before is not null && before.DirectoryId == wanted.DirectoryId;
            var registration = wanted with { Epoch = epoch, DataEpoch = isSameData ? before!.DataEpoch : epoch };
            if (await documents.WriteAsync(name, Serialize(registration), stored?.ETag, cancellation) is not null)
            {
                return registration;
            }
        }

        throw new BrokerStartException($"node.id {wanted.Id}: other brokers register under this id all the time");
    }

    private static byte[] Serialize(BrokerRegistration registration) => JsonSerializer.SerializeToUtf8Bytes(
        new BrokerDocument(registration.Epoch, registration.DataEpoch, registration.DirectoryId, registration.Host, registration.Port, registration.Rack),
        BrokerJson.Default.BrokerDocument);
}

internal sealed record BrokerDocument(long Epoch, long DataEpoch, Guid DirectoryId, string Host, int Port, string? Rack);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(BrokerDocument))]
internal sealed partial class BrokerJson : JsonSerializerContext;
