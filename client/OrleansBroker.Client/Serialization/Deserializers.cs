using System.Buffers.Binary;
using System.Text;

namespace OrleansBroker.Client;

/// <summary>The forms that Kafka's own serializers write: UTF-8, big-endian numbers, bytes as they are.</summary>
public static class Deserializers
{
    public static IDeserializer<string> Utf8 { get; } = new Utf8Deserializer();

    public static IDeserializer<byte[]> ByteArray { get; } = new ByteArrayDeserializer();

    /// <summary>A copy, that outlives the record.</summary>
    public static IDeserializer<ReadOnlyMemory<byte>> Memory { get; } = new MemoryDeserializer();

    public static IDeserializer<int> Int32 { get; } = new Int32Deserializer();

    public static IDeserializer<long> Int64 { get; } = new Int64Deserializer();

    public static IDeserializer<double> Float64 { get; } = new Float64Deserializer();

    /// <summary>From text, like Java's.</summary>
    public static IDeserializer<Guid> Uuid { get; } = new UuidDeserializer();

    /// <summary>Whatever the bytes are, they are passed over.</summary>
    public static IDeserializer<Null?> Null { get; } = new NullDeserializer();

    /// <summary>The one for <typeparamref name="T"/> among these.</summary>
    /// <exception cref="ArgumentException">There is none.</exception>
    internal static IDeserializer<T> For<T>()
    {
        object[] known = [Utf8, ByteArray, Memory, Int32, Int64, Float64, Uuid, Null];
        return known.OfType<IDeserializer<T>>().FirstOrDefault()
            ?? throw new ArgumentException($"{typeof(T)} has no deserializer of its own: one is to be passed");
    }

    private static ReadOnlySpan<byte> Exactly(ReadOnlySpan<byte> data, int bytes) =>
        data.Length == bytes ? data : throw new FormatException($"{data.Length} bytes in place of {bytes}");

    private sealed class Utf8Deserializer : IDeserializer<string>
    {
        public string Deserialize(ReadOnlySpan<byte> data, SerializationContext context) => Encoding.UTF8.GetString(data);
    }

    private sealed class ByteArrayDeserializer : IDeserializer<byte[]>
    {
        public byte[] Deserialize(ReadOnlySpan<byte> data, SerializationContext context) => data.ToArray();
    }

    private sealed class MemoryDeserializer : IDeserializer<ReadOnlyMemory<byte>>
    {
        public ReadOnlyMemory<byte> Deserialize(ReadOnlySpan<byte> data, SerializationContext context) => data.ToArray();
    }

    private sealed class Int32Deserializer : IDeserializer<int>
    {
        public int Deserialize(ReadOnlySpan<byte> data, SerializationContext context) => BinaryPrimitives.ReadInt32BigEndian(Exactly(data, sizeof(int)));
    }

    private sealed class Int64Deserializer : IDeserializer<long>
    {
        public long Deserialize(ReadOnlySpan<byte> data, SerializationContext context) => BinaryPrimitives.ReadInt64BigEndian(Exactly(data, sizeof(long)));
    }

    private sealed class Float64Deserializer : IDeserializer<double>
    {
        public double Deserialize(ReadOnlySpan<byte> data, SerializationContext context) => BinaryPrimitives.ReadDoubleBigEndian(Exactly(data, sizeof(double)));
    }

    private sealed class UuidDeserializer : IDeserializer<Guid>
    {
        public Guid Deserialize(ReadOnlySpan<byte> data, SerializationContext context) => Guid.Parse(data);
    }

    private sealed class NullDeserializer : IDeserializer<Null?>
    {
        public Null? Deserialize(ReadOnlySpan<byte> data, SerializationContext context) => null;
    }
}
