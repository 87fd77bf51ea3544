using System.Text.Json;
using System.Text.Json.Serialization;
using OrleansBroker.Protocol;

namespace OrleansBroker.Core.Replication;

/// <summary>The states of partitions as documents, one each, in JSON: <c>partition/{topic id}/{partition}</c>.</summary>
/// <remarks>Each content carries the id of its write: after a lost answer the writer looks for its own.</remarks>
public static class PartitionDocuments
{
    public static string NameOf(Guid topicId, int partition) => $"partition/{topicId:N}/{partition}";

    public static byte[] Write(PartitionState state, Guid write) => JsonSerializer.SerializeToUtf8Bytes(
        new PartitionDocument(
            write, state.TopicId, state.Partition, Ids(state.Replicas), Ids(state.Adding), Ids(state.Removing),
            state.Leader.Value, state.LeaderEpoch.Value, Members(state.Isr), Members(state.Eligible), state.PartitionEpoch, state.IsAutomatic),
        PartitionJson.Default.PartitionDocument);

    /// <exception cref="JsonException">It is no such document.</exception>
    public static PartitionState Read(ReadOnlySpan<byte> content, out Guid write)
    {
        var document = JsonSerializer.Deserialize(content, PartitionJson.Default.PartitionDocument) ?? throw new JsonException("A partition's document is null");
        write = document.Write;
        return new PartitionState
        {
            TopicId = document.TopicId,
            Partition = document.Partition,
            Replicas = Ids(document.Replicas),
            Adding = Ids(document.Adding),
            Removing = Ids(document.Removing),
            Leader = new BrokerId(document.Leader),
            LeaderEpoch = new LeaderEpoch(document.LeaderEpoch),
            Isr = Members(document.Isr),
            Eligible = Members(document.Eligible),
            PartitionEpoch = document.PartitionEpoch,
            IsAutomatic = document.Automatic,
        };
    }

    private static int[] Ids(BrokerId[] brokers) => Array.ConvertAll(brokers, broker => broker.Value);

    private static BrokerId[] Ids(int[] brokers) => Array.ConvertAll(brokers, broker => new BrokerId(broker));

    private static long[][] Members(IsrMember[] members) => Array.ConvertAll(members, member => (long[])[member.Broker.Value, member.BrokerEpoch]);

    private static IsrMember[] Members(long[][] members) => Array.ConvertAll(
        members,
        member => member is [var broker, var epoch] ? new IsrMember(new BrokerId((int)broker), epoch) : throw new JsonException("An in-sync replica is a broker id and a broker epoch"));
}

/// <param name="Isr">Pairs of broker id and broker epoch.</param>
/// <param name="Eligible">As <paramref name="Isr"/>.</param>
internal sealed record PartitionDocument(
    Guid Write, Guid TopicId, int Partition, int[] Replicas, int[] Adding, int[] Removing,
    int Leader, int LeaderEpoch, long[][] Isr, long[][] Eligible, int PartitionEpoch, bool Automatic = false);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(PartitionDocument))]
internal sealed partial class PartitionJson : JsonSerializerContext;
