using System.Buffers;

namespace OrleansBroker.Client;

/// <summary>Writes keys or values. Called by every thread that produces. Null is written by the producer, as null.</summary>
public interface ISerializer<in T>
{
    void Serialize(T data, SerializationContext context, IBufferWriter<byte> destination);
}
