using System.Runtime.CompilerServices;
using OrleansBroker.Protocol.Records;

namespace OrleansBroker.Protocol.Wire;

/// <summary>
/// One way through the fields of a message: reading, writing, measuring or printing. A field is on the wire in the
/// versions <c>since</c> to <c>until</c>, both inclusive; outside them it is passed over and keeps its value.
/// In flexible versions strings, arrays and bytes take their compact form (KIP-482) and every struct ends in tagged fields,
/// which the codec deals with: a description never names the end of a struct. A tagged field that is not on the wire is read
/// as the value it is left out for.
/// </summary>
public interface IWireCodec
{
    /// <summary>The version of the request or response that is being coded.</summary>
    short Version { get; }

    /// <summary>Whether <see cref="Version"/> is a flexible one.</summary>
    bool Flexible { get; }

    void Boolean(ref bool value, short since = 0, short until = short.MaxValue, [CallerArgumentExpression(nameof(value))] string name = "");

    void Int8(ref sbyte value, short since = 0, short until = short.MaxValue, [CallerArgumentExpression(nameof(value))] string name = "");

    void Int16(ref short value, short since = 0, short until = short.MaxValue, [CallerArgumentExpression(nameof(value))] string name = "");

    void UInt16(ref ushort value, short since = 0, short until = short.MaxValue, [CallerArgumentExpression(nameof(value))] string name = "");

    void Int32(ref int value, short since = 0, short until = short.MaxValue, [CallerArgumentExpression(nameof(value))] string name = "");

    void Int64(ref long value, short since = 0, short until = short.MaxValue, [CallerArgumentExpression(nameof(value))] string name = "");

    void Float64(ref double value, short since = 0, short until = short.MaxValue, [CallerArgumentExpression(nameof(value))] string name = "");

    /// <summary>16 bytes, most significant first; all zero where there is none.</summary>
    void Uuid(ref Guid value, short since = 0, short until = short.MaxValue, [CallerArgumentExpression(nameof(value))] string name = "");

    void Error(ref ErrorCode value, short since = 0, short until = short.MaxValue, [CallerArgumentExpression(nameof(value))] string name = "");

    void String(ref string value, short since = 0, short until = short.MaxValue, [CallerArgumentExpression(nameof(value))] string name = "");

    /// <param name="nullableSince">The first version in which null may be sent; a null in an earlier one is malformed when read and empty when written.</param>
    void NullableString(ref string? value, short since = 0, short until = short.MaxValue, short nullableSince = 0, [CallerArgumentExpression(nameof(value))] string name = "");

    /// <summary>The memory that is read belongs to the frame: it is valid only while the request is handled.</summary>
    void Bytes(ref ReadOnlyMemory<byte> value, short since = 0, short until = short.MaxValue, [CallerArgumentExpression(nameof(value))] string name = "");

    /// <inheritdoc cref="Bytes"/>
    void NullableBytes(ref ReadOnlyMemory<byte>? value, short since = 0, short until = short.MaxValue, short nullableSince = 0, [CallerArgumentExpression(nameof(value))] string name = "");

    /// <inheritdoc cref="Bytes"/>
    void Records(ref RecordSet value, short since = 0, short until = short.MaxValue, [CallerArgumentExpression(nameof(value))] string name = "");

    void Struct<T>(ref T value, short since = 0, short until = short.MaxValue, [CallerArgumentExpression(nameof(value))] string name = "")
        where T : IWireStruct, new();

    void Array<T>(ref T[] value, short since = 0, short until = short.MaxValue, [CallerArgumentExpression(nameof(value))] string name = "")
        where T : IWireStruct, new();

    void NullableArray<T>(ref T[]? value, short since = 0, short until = short.MaxValue, short nullableSince = 0, [CallerArgumentExpression(nameof(value))] string name = "")
        where T : IWireStruct, new();

    void Int8Array(ref sbyte[] value, short since = 0, short until = short.MaxValue, [CallerArgumentExpression(nameof(value))] string name = "");

    void Int32Array(ref int[] value, short since = 0, short until = short.MaxValue, [CallerArgumentExpression(nameof(value))] string name = "");

    void NullableInt32Array(ref int[]? value, short since = 0, short until = short.MaxValue, short nullableSince = 0, [CallerArgumentExpression(nameof(value))] string name = "");

    void Int64Array(ref long[] value, short since = 0, short until = short.MaxValue, [CallerArgumentExpression(nameof(value))] string name = "");

    void UuidArray(ref Guid[] value, short since = 0, short until = short.MaxValue, [CallerArgumentExpression(nameof(value))] string name = "");

    void StringArray(ref string[] value, short since = 0, short until = short.MaxValue, [CallerArgumentExpression(nameof(value))] string name = "");

    void NullableStringArray(ref string[]? value, short since = 0, short until = short.MaxValue, short nullableSince = 0, [CallerArgumentExpression(nameof(value))] string name = "");

    /// <summary>A struct that may be null: one byte, -1 for null and 1 otherwise, then its fields.</summary>
    void NullableStruct<T>(ref T? value, short since = 0, short until = short.MaxValue, [CallerArgumentExpression(nameof(value))] string name = "")
        where T : class, IWireStruct, new();

    /// <summary>A tagged field, in flexible versions only, named after all others and in the order of the tags; left out on the wire while false.</summary>
    void Tagged(int tag, ref bool value, short since = 0, short until = short.MaxValue, [CallerArgumentExpression(nameof(value))] string name = "");

    /// <summary>A tagged field, left out on the wire while it equals <paramref name="absent"/>.</summary>
    void Tagged(int tag, ref long value, long absent, short since = 0, short until = short.MaxValue, [CallerArgumentExpression(nameof(value))] string name = "");

    /// <summary>A tagged field, left out on the wire while null.</summary>
    void Tagged(int tag, ref string? value, short since = 0, short until = short.MaxValue, [CallerArgumentExpression(nameof(value))] string name = "");

    /// <summary>A tagged field, left out on the wire while all zero.</summary>
    void Tagged(int tag, ref Guid value, short since = 0, short until = short.MaxValue, [CallerArgumentExpression(nameof(value))] string name = "");

    /// <summary>A tagged field, left out on the wire while there is no error.</summary>
    void Tagged(int tag, ref ErrorCode value, short since = 0, short until = short.MaxValue, [CallerArgumentExpression(nameof(value))] string name = "");

    /// <summary>A tagged field, left out on the wire while empty.</summary>
    void TaggedArray<T>(int tag, ref T[] value, short since = 0, short until = short.MaxValue, [CallerArgumentExpression(nameof(value))] string name = "")
        where T : IWireStruct, new();

    /// <summary>A tagged field, left out on the wire while null.</summary>
    void TaggedStruct<T>(int tag, ref T? value, short since = 0, short until = short.MaxValue, [CallerArgumentExpression(nameof(value))] string name = "")
        where T : class, IWireStruct, new();
}
