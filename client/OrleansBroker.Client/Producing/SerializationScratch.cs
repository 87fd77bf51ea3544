using OrleansBroker.Protocol.Records;

namespace OrleansBroker.Client.Producing;

/// <summary>
/// What a thread serializes a record into, before it knows its partition and whether there is room. A serializer or a partitioner
/// that produces a record itself gets another one.
/// </summary>
internal sealed class SerializationScratch : IDisposable
{
    /// <summary>Null while it is rented.</summary>
    [ThreadStatic]
    private static SerializationScratch? s_ofThread;

    public PooledBuffer Key { get; } = new();

    public PooledBuffer Value { get; } = new();

    /// <summary>The thread's; to be disposed of on the same thread.</summary>
    public static SerializationScratch Rent()
    {
        var scratch = s_ofThread ?? new SerializationScratch();
        s_ofThread = null;
        return scratch;
    }

    public void Dispose()
    {
        if (s_ofThread is null)
        {
            s_ofThread = this;
            return;
        }

        Key.Dispose();
        Value.Dispose();
    }
}
