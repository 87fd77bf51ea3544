using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using OrleansBroker.Protocol.Records;

namespace OrleansBroker.Protocol.Wire;

/// <summary>
/// Writes a message into a buffer that <see cref="WireSizer"/> measured. Records that lie in an <see cref="IRecordSource"/>
/// are copied, or, where the caller passes a list for them, left out and noted as splices for the transport to send.
/// Strings and arrays of a struct that was never constructed are null: where the wire has no null they are written empty.
/// </summary>
public ref struct WireWriter : IWireCodec
{
    private readonly Span<byte> _span;
    private readonly List<RecordSplice>? _splices;
    private readonly int _spliceBytesMin;
    private int _position;

    // Where the count of the current struct's tagged fields stands: -1 until the first of them is written.
    private int _tagsAt;

    /// <param name="splices">Receives the records that were left out, in order; null to have them copied.</param>
    /// <param name="spliceBytesMin">Smaller record sets are copied even so: the same figure as the sizer was given.</param>
    public WireWriter(Span<byte> buffer, short version, bool flexible, List<RecordSplice>? splices = null, int spliceBytesMin = 0)
    {
        _span = buffer;
        _splices = splices;
        _spliceBytesMin = spliceBytesMin;
        Version = version;
        Flexible = flexible;
        _tagsAt = -1;
    }

    public short Version { get; }

    public bool Flexible { get; }

    /// <summary>Bytes written so far, records left out not counted.</summary>
    public readonly int Position => _position;

    /// <summary>Writes a whole message, its closing tagged fields included.</summary>
    public void Message<T>(ref T message)
        where T : IWireStruct
    {
        var outer = _tagsAt;
        _tagsAt = -1;
        message.Describe(ref this);
        if (Flexible && _tagsAt < 0)
        {
            Next(1)[0] = 0;
        }

        _tagsAt = outer;
    }

    public void Boolean(ref bool value, short since, short until, string name)
    {
        if (Has(since, until))
        {
            Next(1)[0] = value ? (byte)1 : (byte)0;
        }
    }

    public void Int8(ref sbyte value, short since, short until, string name)
    {
        if (Has(since, until))
        {
            Next(1)[0] = (byte)value;
        }
    }

    public void Int16(ref short value, short since, short until, string name)
    {
        if (Has(since, until))
        {
            BinaryPrimitives.WriteInt16BigEndian(Next(2), value);
        }
    }

    public void UInt16(ref ushort value, short since, short until, string name)
    {
        if (Has(since, until))
        {
            BinaryPrimitives.WriteUInt16BigEndian(Next(2), value);
        }
    }

    public void Int32(ref int value, short since, short until, string name)
    {
        if (Has(since, until))
        {
            BinaryPrimitives.WriteInt32BigEndian(Next(4), value);
        }
    }

    public void Int64(ref long value, short since, short until, string name)
    {
        if (Has(since, until))
        {
            BinaryPrimitives.WriteInt64BigEndian(Next(8), value);
        }
    }

    public void Float64(ref double value, short since, short until, string name)
    {
        if (Has(since, until))
        {
            BinaryPrimitives.WriteDoubleBigEndian(Next(8), value);
        }
    }

    public void Uuid(ref Guid value, short since, short until, string name)
    {
        if (Has(since, until))
        {
            value.TryWriteBytes(Next(16), bigEndian: true, out _);
        }
    }

    public void Error(ref ErrorCode value, short since, short until, string name)
    {
        if (Has(since, until))
        {
            BinaryPrimitives.WriteInt16BigEndian(Next(2), (short)value);
        }
    }

    public void String(ref string value, short since, short until, string name)
    {
        if (Has(since, until))
        {
            Text(value ?? string.Empty);
        }
    }

    public void NullableString(ref string? value, short since, short until, short nullableSince, string name)
    {
        if (Has(since, until))
        {
            Text(value is null && Version < nullableSince ? string.Empty : value);
        }
    }

    public void Bytes(ref ReadOnlyMemory<byte> value, short since, short until, string name)
    {
        if (Has(since, until))
        {
            Block(value);
        }
    }

    public void NullableBytes(ref ReadOnlyMemory<byte>? value, short since, short until, short nullableSince, string name)
    {
        if (Has(since, until))
        {
            Block(value is null && Version < nullableSince ? ReadOnlyMemory<byte>.Empty : value);
        }
    }

    public void Records(ref RecordSet value, short since, short until, string name)
    {
        if (!Has(since, until))
        {
            return;
        }

        Length(value.IsNull ? -1 : value.Length, isShort: false);
        if (value.Source is not null && _splices is not null && value.Length >= _spliceBytesMin)
        {
            _splices.Add(new RecordSplice(_position, value));
        }
        else if (value.Length > 0)
        {
            value.CopyTo(Next(value.Length));
        }
    }

    public void Struct<T>(ref T value, short since, short until, string name)
        where T : IWireStruct, new()
    {
        if (Has(since, until))
        {
            Message(ref value);
        }
    }

    public void NullableStruct<T>(ref T? value, short since, short until, string name)
        where T : class, IWireStruct, new()
    {
        if (Has(since, until))
        {
            Next(1)[0] = value is null ? (byte)0xFF : (byte)1;
            if (value is not null)
            {
                Message(ref value);
            }
        }
    }

    public void Array<T>(ref T[] value, short since, short until, string name)
        where T : IWireStruct, new()
    {
        if (Has(since, until))
        {
            Items(value ?? []);
        }
    }

    public void NullableArray<T>(ref T[]? value, short since, short until, short nullableSince, string name)
        where T : IWireStruct, new()
    {
        if (Has(since, until))
        {
            Items(value is null && Version < nullableSince ? [] : value);
        }
    }

    public void Int8Array(ref sbyte[] value, short since, short until, string name)
    {
        if (Has(since, until))
        {
            Length(value.Length, isShort: false);
            MemoryMarshal.AsBytes(value.AsSpan()).CopyTo(Next(value.Length));
        }
    }

    public void Int32Array(ref int[] value, short since, short until, string name)
    {
        if (Has(since, until))
        {
            Numbers(value ?? []);
        }
    }

    public void NullableInt32Array(ref int[]? value, short since, short until, short nullableSince, string name)
    {
        if (Has(since, until))
        {
            Numbers(value is null && Version < nullableSince ? [] : value);
        }
    }

    public void Int64Array(ref long[] value, short since, short until, string name)
    {
        if (Has(since, until))
        {
            Length(value.Length, isShort: false);
            foreach (var item in value)
            {
                BinaryPrimitives.WriteInt64BigEndian(Next(8), item);
            }
        }
    }

    public void UuidArray(ref Guid[] value, short since, short until, string name)
    {
        if (Has(since, until))
        {
            Length(value.Length, isShort: false);
            foreach (var item in value)
            {
                item.TryWriteBytes(Next(16), bigEndian: true, out _);
            }
        }
    }

    public void StringArray(ref string[] value, short since, short until, string name)
    {
        if (Has(since, until))
        {
            Texts(value);
        }
    }

    public void NullableStringArray(ref string[]? value, short since, short until, short nullableSince, string name)
    {
        if (Has(since, until))
        {
            Texts(value is null && Version < nullableSince ? [] : value);
        }
    }

    public void Tagged(int tag, ref bool value, short since, short until, string name)
    {
        if (HasTagged(value, since, until))
        {
            Tag(tag, 1);
            Boolean(ref value, 0, short.MaxValue, name);
        }
    }

    public void Tagged(int tag, ref long value, long absent, short since, short until, string name)
    {
        if (HasTagged(value != absent, since, until))
        {
            Tag(tag, 8);
            Int64(ref value, 0, short.MaxValue, name);
        }
    }

    public void Tagged(int tag, ref string? value, short since, short until, string name)
    {
        if (HasTagged(value is not null, since, until))
        {
            Tag(tag, WireSizer.SizeOf(Version, value!));
            Text(value);
        }
    }

    public void Tagged(int tag, ref Guid value, short since, short until, string name)
    {
        if (HasTagged(value != Guid.Empty, since, until))
        {
            Tag(tag, 16);
            Uuid(ref value, 0, short.MaxValue, name);
        }
    }

    public void Tagged(int tag, ref ErrorCode value, short since, short until, string name)
    {
        if (HasTagged(value != ErrorCode.None, since, until))
        {
            Tag(tag, 2);
            Error(ref value, 0, short.MaxValue, name);
        }
    }

    public void TaggedArray<T>(int tag, ref T[] value, short since, short until, string name)
        where T : IWireStruct, new()
    {
        if (HasTagged(value.Length > 0, since, until))
        {
            Tag(tag, WireSizer.SizeOf(Version, value));
            Items(value);
        }
    }

    public void TaggedStruct<T>(int tag, ref T? value, short since, short until, string name)
        where T : class, IWireStruct, new()
    {
        if (HasTagged(value is not null, since, until))
        {
            Tag(tag, WireSizer.SizeOf(Version, ref value!));
            Message(ref value);
        }
    }

    private readonly bool Has(short since, short until) => Version >= since && Version <= until;

    private readonly bool HasTagged(bool present, short since, short until) => present && Flexible && Has(since, until);

    private Span<byte> Next(int count)
    {
        var next = _span.Slice(_position, count);
        _position += count;
        return next;
    }

    private void UnsignedVarint(uint value)
    {
        while (value >= 0x80)
        {
            Next(1)[0] = (byte)(value | 0x80);
            value >>= 7;
        }

        Next(1)[0] = (byte)value;
    }

    private void Tag(int tag, int bytes)
    {
        if (_tagsAt < 0)
        {
            _tagsAt = _position;
            Next(1)[0] = 0;
        }

        // The count takes one byte: no struct of the protocol has 128 tagged fields.
        _span[_tagsAt]++;
        UnsignedVarint((uint)tag);
        UnsignedVarint((uint)bytes);
    }

    private void Length(int length, bool isShort)
    {
        if (Flexible)
        {
            UnsignedVarint((uint)(length + 1));
        }
        else if (isShort)
        {
            BinaryPrimitives.WriteInt16BigEndian(Next(2), checked((short)length));
        }
        else
        {
            BinaryPrimitives.WriteInt32BigEndian(Next(4), length);
        }
    }

    private void Text(string? text)
    {
        if (text is null)
        {
            Length(-1, isShort: true);
            return;
        }

        var bytes = Encoding.UTF8.GetByteCount(text);
        Length(bytes, isShort: true);
        Encoding.UTF8.GetBytes(text, Next(bytes));
    }

    private void Block(ReadOnlyMemory<byte>? bytes)
    {
        Length(bytes?.Length ?? -1, isShort: false);
        if (bytes is { } present)
        {
            present.Span.CopyTo(Next(present.Length));
        }
    }

    private void Items<T>(T[]? items)
        where T : IWireStruct
    {
        Length(items?.Length ?? -1, isShort: false);
        for (var i = 0; items is not null && i < items.Length; i++)
        {
            Message(ref items[i]);
        }
    }

    private void Numbers(int[]? items)
    {
        Length(items?.Length ?? -1, isShort: false);
        foreach (var item in items ?? [])
        {
            BinaryPrimitives.WriteInt32BigEndian(Next(4), item);
        }
    }

    private void Texts(string[]? items)
    {
        Length(items?.Length ?? -1, isShort: false);
        foreach (var item in items ?? [])
        {
            Text(item);
        }
    }
}
