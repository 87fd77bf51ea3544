namespace OrleansBroker.Client;

/// <summary>How a <see cref="Consumer{TKey, TValue}"/> reads. Kafka's name for each setting stands in its comment; defaults are those of Kafka 4's Java client unless said otherwise.</summary>
public sealed record ConsumerOptions
{
    /// <summary><c>auto.offset.reset</c>.</summary>
    public AutoOffsetReset AutoOffsetReset { get; init; } = AutoOffsetReset.Latest;

    /// <summary><c>max.poll.records</c>: the most records that one call hands out.</summary>
    public int MaxPollRecords { get; init; } = 500;

    /// <summary><c>fetch.min.bytes</c>: a broker waits until it has so many.</summary>
    public int FetchMinBytes { get; init; } = 1;

    /// <summary><c>fetch.max.wait.ms</c>: but not for longer than this.</summary>
    public TimeSpan FetchMaxWait { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary><c>fetch.max.bytes</c>: the most that one answer carries; only a first batch that is larger exceeds it.</summary>
    public int FetchMaxBytes { get; init; } = 50 << 20;

    /// <summary><c>max.partition.fetch.bytes</c>: the most that one answer carries of one partition; only a first batch that is larger exceeds it.</summary>
    public int MaxPartitionFetchBytes { get; init; } = 1 << 20;

    /// <summary>
    /// <c>queued.max.messages.kbytes</c> of librdkafka, in bytes: once so much was fetched ahead and not consumed, nothing more is
    /// asked for. Answers that are on their way then may exceed it, by <see cref="FetchMaxBytes"/> each.
    /// </summary>
    public int PrefetchBytesMax { get; init; } = 64 << 20;

    /// <summary><c>check.crcs</c>: whether the checksum of every batch is verified.</summary>
    public bool CheckCrcs { get; init; } = true;

    /// <exception cref="ArgumentException">Settings are out of range.</exception>
    internal void Validate()
    {
        Require(MaxPollRecords > 0, "max.poll.records is at least 1");
        Require(FetchMinBytes >= 0, "fetch.min.bytes is at least 0");
        Require(FetchMaxWait >= TimeSpan.Zero, "fetch.max.wait.ms is at least 0");
        Require(FetchMaxBytes > 0 && MaxPartitionFetchBytes > 0 && PrefetchBytesMax > 0, "what is fetched is at least 1 byte");
    }

    private static void Require(bool condition, string message)
    {
        if (!condition)
        {
            throw new ArgumentException(message);
        }
    }
}
