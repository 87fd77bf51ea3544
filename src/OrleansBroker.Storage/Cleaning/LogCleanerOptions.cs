namespace OrleansBroker.Storage.Cleaning;

/// <summary>The cleaner's limits, with Kafka's names and defaults.</summary>
public sealed record LogCleanerOptions
{
    /// <summary><c>log.cleaner.dedupe.buffer.size</c>, bytes: bounds the offset map of one run, which takes them only while it lasts and only as it needs them.</summary>
    public long DedupeBufferBytes { get; init; } = 128L << 20;

    /// <summary><c>log.cleaner.io.buffer.load.factor</c>: the part of the offset map that may be filled.</summary>
    public double DedupeBufferLoadFactor { get; init; } = 0.9;

    /// <summary><c>log.cleaner.io.buffer.size</c>, bytes: what is read at a time, and what is written at a time.</summary>
    public int IoBufferBytes { get; init; } = 512 << 10;

    /// <summary><c>log.cleaner.io.max.bytes.per.second</c>: reads and writes together, on average.</summary>
    public double IoBytesPerSecondMax { get; init; } = double.MaxValue;

    /// <summary>
    /// The part of the time, 0 to 1, that the cleaner works; it rests for the rest. At full speed it halves the appends of a
    /// machine whose processors share a core or its memory bandwidth, though it runs on one that is idle. Not one of Kafka's.
    /// </summary>
    public double WorkShareMax { get; init; } = 1;

    /// <summary>Bytes that one batch's records may have when decompressed; a batch with more makes its log uncleanable.</summary>
    public int DecompressedBatchBytesMax { get; init; } = 256 << 20;

    /// <summary>Of the hash of record keys. Null takes one from the system's source, which nobody can guess: a client that could would choose keys of one hash.</summary>
    public UInt128? KeyHashSeed { get; init; }

    /// <summary>Tells the throttle how much time has passed.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>How the throttle waits. The default blocks the cleaner's thread until the time is over or the cleaner is to stop.</summary>
    public Action<TimeSpan, CancellationToken> Wait { get; init; } = static (time, cancellation) => cancellation.WaitHandle.WaitOne(time);
}
