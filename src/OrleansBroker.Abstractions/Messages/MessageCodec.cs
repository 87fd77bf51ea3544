using Orleans.Serialization;
using Orleans.Serialization.Buffers;
using Orleans.Serialization.Cloning;
using Orleans.Serialization.Codecs;
using Orleans.Serialization.Serializers;
using Orleans.Serialization.WireProtocol;
using PooledBuffer = OrleansBroker.Protocol.Records.PooledBuffer;

namespace OrleansBroker.Abstractions.Messages;

/// <summary>
/// Carries the broker's messages in Orleans calls, in Kafka's encoding: they have no attributes of Orleans, and builds of different
/// ages understand each other. A message is not changed once it is sent, so that calls within a silo pass it as it is.
/// </summary>
public sealed class MessageCodec : IGeneralizedCodec, IGeneralizedCopier, ITypeFilter
{
    /// <summary>Stands for this codec where Orleans would write its type's name.</summary>
    internal const uint WellKnownTypeId = 9092;

    public void WriteField<TBufferWriter>(ref Writer<TBufferWriter> writer, uint fieldIdDelta, Type? expectedType, object? value)
        where TBufferWriter : System.Buffers.IBufferWriter<byte>
    {
        if (value is null)
        {
            ReferenceCodec.WriteNullReference(ref writer, fieldIdDelta);
            return;
        }

        using var bytes = new PooledBuffer();
        CarriedMessages.Of(value.GetType()).Write(value, bytes);

        ReferenceCodec.MarkValueField(writer.Session);
        writer.WriteFieldHeader(fieldIdDelta, expectedType, typeof(MessageCodec), WireType.LengthPrefixed);
        writer.WriteVarUInt32((uint)bytes.Length);
        writer.Write(bytes.Span);
    }

    public object? ReadValue<TInput>(ref Reader<TInput> reader, Field field)
    {
        if (field.IsReference)
        {
            return ReferenceCodec.ReadReference(ref reader, field.FieldType);
        }

        field.EnsureWireType(WireType.LengthPrefixed);
        ReferenceCodec.MarkValueField(reader.Session);
        return CarriedMessages.Read(reader.ReadBytes(reader.ReadVarUInt32()));
    }

    public object? DeepCopy(object? input, CopyContext context) => input;

    public bool IsSupportedType(Type type) => type == typeof(MessageCodec) || CarriedMessages.Has(type);

    public bool? IsTypeAllowed(Type type) => IsSupportedType(type) ? true : null;
}
