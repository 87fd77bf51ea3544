namespace OrleansBroker.Storage.Producers;

/// <summary>One batch of an idempotent producer, as it is remembered.</summary>
internal readonly record struct ProducerBatch(int FirstSequence, int LastSequence, long FirstOffset, long LastOffset, long TimestampMs)
{
    /// <summary>The number that follows a sequence number: after the greatest comes 0.</summary>
    public static int Next(int sequence) => sequence == int.MaxValue ? 0 : sequence + 1;

    /// <summary>A sequence number some places before another.</summary>
    public static int Before(int sequence, int places) => (int)((sequence - (long)places) & int.MaxValue);
}
