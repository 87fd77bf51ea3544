using System.Text.Json;
using System.Text.Json.Serialization;
using OrleansBroker.Core.Documents;
using OrleansBroker.Core.Ports;
using OrleansBroker.Protocol;
using OrleansBroker.Storage.Checkpoints;

namespace OrleansBroker.Embedded;

/// <summary>
/// The document <c>cluster</c>: the id of the cluster that the documents belong to. The first broker that comes stores it, that of its
/// data directory where it has one; all others are of this cluster, or may not start.
/// </summary>
internal sealed class ClusterDocument(IDocumentStore documents, Random random)
{
    /// <summary>What can be read to see whether there is an answer: it is there from the first start on.</summary>
    public const string Name = "cluster";

    private readonly DocumentWriter _documents = new(documents);

    /// <param name="own">The cluster that the broker's data directory belongs to; null where that is new.</param>
    /// <returns>The cluster that the documents belong to, which may be another.</returns>
    /// <exception cref="IOException">The document cannot be read or written.</exception>
    public async ValueTask<string> AgreeAsync(string? own, CancellationToken cancellation)
    {
        if (await ReadAsync(cancellation) is { } found)
        {
            return found;
        }

        var content = JsonSerializer.SerializeToUtf8Bytes(new StoredCluster(random.NextGuid(), own ?? TopicIdText.Format(random.NextGuid())), ClusterJson.Default.StoredCluster);
        await _documents.CreateAsync(Name, content, cancellation);

        // Another may have been first.
        return await ReadAsync(cancellation) ?? throw new IOException($"The document {Name} could not be written");
    }

    private async ValueTask<string?> ReadAsync(CancellationToken cancellation)
    {
        try
        {
            return await _documents.ReadAsync(Name, cancellation) is { } content ? JsonSerializer.Deserialize(content.Span, ClusterJson.Default.StoredCluster)?.ClusterId ?? throw new JsonException("it is null") : null;
        }
        catch (JsonException e)
        {
            throw new IOException($"The document {Name} is not what this version writes: {e.Message}", e);
        }
    }
}

/// <param name="Write">The id of the write: after a lost answer the writer looks for its own.</param>
internal sealed record StoredCluster(Guid Write, string ClusterId);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(StoredCluster))]
internal sealed partial class ClusterJson : JsonSerializerContext;
