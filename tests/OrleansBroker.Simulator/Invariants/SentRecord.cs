using OrleansBroker.Protocol;

namespace OrleansBroker.Simulator.Invariants;

/// <summary>A record that a producer sent once or several times. No two have the same value.</summary>
internal sealed class SentRecord(string value, TopicPartition partition, short acks, bool isIdempotent)
{
    public string Value => value;

    public TopicPartition Partition => partition;

    public short Acks => acks;

    public bool IsIdempotent => isIdempotent;

    public bool IsAcknowledged { get; set; }

    /// <summary>Where the broker said it is; -1 without acknowledgement.</summary>
    public long Offset { get; set; } = -1;

    /// <summary>Where a consumer saw it; -1 while none has.</summary>
    public long SeenAt { get; set; } = -1;
}
