using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Records;

namespace OrleansBroker.Client;

/// <summary>How a <see cref="Producer{TKey, TValue}"/> gathers and sends. Kafka's name for each setting stands in its comment; defaults are those of Kafka 4's Java client unless said otherwise.</summary>
public sealed record ProducerOptions
{
    /// <summary>Kafka's brokers remember the last five batches of an idempotent producer, and can tell no older duplicate.</summary>
    private const int IdempotentInFlightMax = 5;

    /// <summary><c>enable.idempotence</c>: no record is written twice, and none is reordered, however often it is sent. Needs <see cref="Acks.All"/>.</summary>
    public bool EnableIdempotence { get; init; } = true;

    /// <summary><c>acks</c>.</summary>
    public Acks Acks { get; init; } = Acks.All;

    /// <summary>
    /// <c>batch.size</c>: how many bytes of records, before compression, go into one batch at most; a larger record has a batch
    /// of its own. Java's default is 16 KiB, because its batches take all of it at once; these grow with what they hold.
    /// </summary>
    public int BatchSize { get; init; } = 256 << 10;

    /// <summary><c>linger.ms</c>: how long a batch that is not full waits for more records.</summary>
    public TimeSpan Linger { get; init; } = TimeSpan.FromMilliseconds(5);

    /// <summary><c>buffer.memory</c>: how many bytes of records may wait to be delivered; whoever produces more waits for room.</summary>
    public int BufferMemory { get; init; } = 32 << 20;

    /// <summary><c>max.block.ms</c>: how long a record may wait for room and for its topic's metadata, before it is in a batch.</summary>
    public TimeSpan MaxBlock { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary><c>delivery.timeout.ms</c>: how long a record may take from its batch's first record on, all retries included, before it is given up and reported.</summary>
    public TimeSpan DeliveryTimeout { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary><c>max.request.size</c>: the largest request, and so the largest record.</summary>
    public int MaxRequestSize { get; init; } = 1 << 20;

    /// <summary><c>max.in.flight.requests.per.connection</c>: requests that wait for a broker's answer at once. Without idempotence more than 1 may reorder records when one is retried.</summary>
    public int MaxInFlight { get; init; } = IdempotentInFlightMax;

    /// <summary><c>compression.type</c>.</summary>
    public CompressionCodec CompressionType { get; init; } = CompressionCodec.None;

    /// <summary><c>compression.gzip.level</c>, <c>compression.lz4.level</c>, <c>compression.zstd.level</c>; null for the codec's default.</summary>
    public int? CompressionLevel { get; init; }

    /// <summary><c>partitioner.class</c>: null for Kafka's default, murmur2 of the key; see <see cref="IPartitioner"/>.</summary>
    public IPartitioner? Partitioner { get; init; }

    /// <summary>Says what cannot be, before anything is sent.</summary>
    /// <exception cref="ArgumentException">Settings contradict each other or are out of range.</exception>
    internal void Validate()
    {
        Require(BatchSize >= 0, "batch.size is at least 0");
        Require(Linger >= TimeSpan.Zero, "linger.ms is at least 0");
        Require(BufferMemory > 0, "buffer.memory is at least 1");
        Require(MaxRequestSize > 0, "max.request.size is at least 1");
        Require(MaxInFlight > 0, "max.in.flight.requests.per.connection is at least 1");
        Require(MaxBlock >= TimeSpan.Zero, "max.block.ms is at least 0");
        Require(DeliveryTimeout.TotalMilliseconds >= 1, "delivery.timeout.ms is at least 1");
        Require(!EnableIdempotence || Acks == Acks.All, "enable.idempotence needs acks=all");
        Require(!EnableIdempotence || MaxInFlight <= IdempotentInFlightMax, "enable.idempotence needs max.in.flight.requests.per.connection of at most 5");
        Require(RecordCompression.IsAvailable(CompressionType), $"compression.type {CompressionType}: its library is not installed");
        Require(CompressionLevel is not { } level || RecordCompression.IsLevel(CompressionType, level), $"{CompressionLevel} is no level of {CompressionType}");
    }

    private static void Require(bool condition, string message)
    {
        if (!condition)
        {
            throw new ArgumentException(message);
        }
    }
}
