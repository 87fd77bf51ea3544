using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace OrleansBroker.Client;

/// <summary>The forms that Kafka's own serializers write: UTF-8, big-endian numbers, bytes as they are.</summary>
public static class Serializers
{
    public static ISerializer<string> Utf8 { get; } = new Utf8Serializer();

    public static ISerializer<byte[]> ByteArray { get; } = new ByteArraySerializer();

    public static ISerializer<ReadOnlyMemory<byte>> Memory { get; } = new MemorySerializer();

    public static ISerializer<int> Int32 { get; } = new Int32Serializer();

    public static ISerializer<long> Int64 { get; } = new Int64Serializer();

    public static ISerializer<double> Float64 { get; } = new Float64Serializer();

    /// <summary>As text, like Java's.</summary>
    public static ISerializer<Guid> Uuid { get; } = new UuidSerializer();

    public static ISerializer<Null> Null { get; } = new NullSerializer();

    /// <summary>The one for <typeparamref name="T"/> among these.</summary>
    /// <exception cref="ArgumentException">There is none.</exception>
    internal static ISerializer<T> For<T>()
    {
        object[] known = [Utf8, ByteArray, Memory, Int32, Int64, Float64, Uuid, Null];
        return known.OfType<ISerializer<T>>().FirstOrDefault()
            ?? throw new ArgumentException($"{typeof(T)} has no serializer of its own: one is to be passed");
    }

    private sealed class Utf8Serializer : ISerializer<string>
    {
        public void Serialize(string data, SerializationContext context, IBufferWriter<byte> destination) =>
            Encoding.UTF8.GetBytes(data, destination);
    }

    private sealed class ByteArraySerializer : ISerializer<byte[]>
    {
        public void Serialize(byte[] data, SerializationContext context, IBufferWriter<byte> destination) => destination.Write(data);
    }

    private sealed class MemorySerializer : ISerializer<ReadOnlyMemory<byte>>
    {
        public void Serialize(ReadOnlyMemory<byte> data, SerializationContext context, IBufferWriter<byte> destination) => destination.Write(data.Span);
    }

    private sealed class Int32Serializer : ISerializer<int>
    {
        public void Serialize(int data, SerializationContext context, IBufferWriter<byte> destination)
        {
            BinaryPrimitives.WriteInt32BigEndian(destination.GetSpan(sizeof(int)), data);
            destination.Advance(sizeof(int));
        }
    }

    private sealed class Int64Serializer : ISerializer<long>
    {
        public void Serialize(long data, SerializationContext context, IBufferWriter<byte> destination)
        {
            BinaryPrimitives.WriteInt64BigEndian(destination.GetSpan(sizeof(long)), data);
            destination.Advance(sizeof(long));
        }
    }

    private sealed class Float64Serializer : ISerializer<double>
    {
        public void Serialize(double data, SerializationContext context, IBufferWriter<byte> destination)
        {
            BinaryPrimitives.WriteDoubleBigEndian(destination.GetSpan(sizeof(double)), data);
            destination.Advance(sizeof(double));
        }
    }

    private sealed class UuidSerializer : ISerializer<Guid>
    {
        private const int Characters = 36;

        public void Serialize(Guid data, SerializationContext context, IBufferWriter<byte> destination)
        {
            data.TryFormat(destination.GetSpan(Characters), out var written);
            destination.Advance(written);
        }
    }

    private sealed class NullSerializer : ISerializer<Null>
    {
        public void Serialize(Null data, SerializationContext context, IBufferWriter<byte> destination)
        {
        }
    }
}
