using OrleansBroker.Protocol.Records;

namespace OrleansBroker.Client.Producing;

/// <summary>What a thread serializes a record into, before it knows its partition and whether there is room.</summary>
internal sealed class SerializationScratch
{
    [ThreadStatic]
    private static SerializationScratch? s_ofThread;

    public static SerializationScratch OfThread => s_ofThread ??= new SerializationScratch();

    public PooledBuffer Key { get; } = new();

    public PooledBuffer Value { get; } = new();
}
