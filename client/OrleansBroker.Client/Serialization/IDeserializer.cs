namespace OrleansBroker.Client;

/// <summary>Reads keys or values. Null is read by the consumer, as the type's default.</summary>
public interface IDeserializer<out T>
{
    /// <param name="data">Valid during the call only.</param>
    T Deserialize(ReadOnlySpan<byte> data, SerializationContext context);
}
