using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using OrleansBroker.Core.Documents;
using OrleansBroker.Core.Ports;
using OrleansBroker.Protocol;

namespace OrleansBroker.Core.Rebalancing;

/// <summary>
/// The document <c>rebalance</c>: the brokers that have had their share. Any other is new, and gets one. A store that goes back makes
/// brokers new that are not: they get what they lack, which is nothing as a rule.
/// </summary>
internal sealed class BalancedBrokers(IDocumentStore documents, Random random)
{
    public const string DocumentName = "rebalance";

    private readonly DocumentWriter _documents = new(documents);
    private readonly Random _random = random.Fork();

    /// <summary>Null where nobody has written any yet.</summary>
    /// <exception cref="IOException">The document cannot be read.</exception>
    public async ValueTask<ImmutableHashSet<BrokerId>?> ReadAsync(CancellationToken cancellation)
    {
        if (await _documents.ReadAsync(DocumentName, cancellation) is not { } content)
        {
            return null;
        }

        try
        {
            var document = JsonSerializer.Deserialize(content.Span, RebalanceJson.Default.RebalanceDocument) ?? throw new JsonException("it is null");
            return [.. document.Brokers.Select(id => new BrokerId(id))];
        }
        catch (JsonException e)
        {
            throw new IOException($"The document {DocumentName} is not what this version writes: {e.Message}", e);
        }
    }

    /// <returns>False where another broker wrote it since it was read.</returns>
    /// <exception cref="IOException">The outcome is not known.</exception>
    public ValueTask<bool> WriteAsync(ImmutableHashSet<BrokerId> brokers, CancellationToken cancellation) => _documents.WriteAsync(
        DocumentName,
        JsonSerializer.SerializeToUtf8Bytes(new RebalanceDocument(_random.NextGuid(), [.. brokers.Select(broker => broker.Value).Order()]), RebalanceJson.Default.RebalanceDocument),
        cancellation);
}

/// <param name="Write">The id of the write: after a lost answer the writer looks for its own.</param>
internal sealed record RebalanceDocument(Guid Write, int[] Brokers);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(RebalanceDocument))]
internal sealed partial class RebalanceJson : JsonSerializerContext;
