using System.Text;
using OrleansBroker.Protocol.Records;

namespace OrleansBroker.Protocol.Wire;

/// <summary>Measures a message: how many bytes <see cref="WireWriter"/> will write.</summary>
/// <param name="spliceBytesMin">Record sets of an <see cref="IRecordSource"/> count as external from this many bytes on.</param>
public struct WireSizer(short version, bool flexible, int spliceBytesMin = 0) : IWireCodec
{
    private int _tags;
    private int _size;
    private int _external;

    public short Version { get; } = version;

    public bool Flexible { get; } = flexible;

    /// <summary>Bytes, records included.</summary>
    public readonly int Size => _size;

    /// <summary>Of these, bytes of records that lie in an <see cref="IRecordSource"/> and are large enough to be spliced.</summary>
    public readonly int ExternalSize => _external;

    /// <summary>Measures a whole message, its closing tagged fields included.</summary>
    public void Message<T>(ref T message)
        where T : IWireStruct
    {
        var outer = _tags;
        _tags = 0;
        message.Describe(ref this);
        if (Flexible)
        {
            _size = checked(_size + UnsignedVarintSize((uint)_tags));
        }

        _tags = outer;
    }

    public void Boolean(ref bool value, short since, short until, string name) => Add(1, since, until);

    public void Int8(ref sbyte value, short since, short until, string name) => Add(1, since, until);

    public void Int16(ref short value, short since, short until, string name) => Add(2, since, until);

    public void UInt16(ref ushort value, short since, short until, string name) => Add(2, since, until);

    public void Int32(ref int value, short since, short until, string name) => Add(4, since, until);

    public void Int64(ref long value, short since, short until, string name) => Add(8, since, until);

    public void Float64(ref double value, short since, short until, string name) => Add(8, since, until);

    public void Uuid(ref Guid value, short since, short until, string name) => Add(16, since, until);

    public void Error(ref ErrorCode value, short since, short until, string name) => Add(2, since, until);

    public void String(ref string value, short since, short until, string name) => Text(value ?? string.Empty, since, until);

    public void NullableString(ref string? value, short since, short until, short nullableSince, string name) =>
        Text(value is null && Version < nullableSince ? string.Empty : value, since, until);

    public void Bytes(ref ReadOnlyMemory<byte> value, short since, short until, string name) => Block(value.Length, since, until);

    public void NullableBytes(ref ReadOnlyMemory<byte>? value, short since, short until, short nullableSince, string name) =>
        Block(value?.Length ?? (Version < nullableSince ? 0 : -1), since, until);

    public void Records(ref RecordSet value, short since, short until, string name)
    {
        Block(value.IsNull ? -1 : value.Length, since, until);
        if (value.Source is not null && value.Length >= spliceBytesMin && Has(since, until))
        {
            _external = checked(_external + value.Length);
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
            _size++;
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

    public void Int8Array(ref sbyte[] value, short since, short until, string name) => Fixed(value.Length, 1, since, until);

    public void Int32Array(ref int[] value, short since, short until, string name) => Fixed(value?.Length ?? 0, 4, since, until);

    public void NullableInt32Array(ref int[]? value, short since, short until, short nullableSince, string name) =>
        Fixed(value?.Length ?? (Version < nullableSince ? 0 : -1), 4, since, until);

    public void Int64Array(ref long[] value, short since, short until, string name) => Fixed(value.Length, 8, since, until);

    public void UuidArray(ref Guid[] value, short since, short until, string name) => Fixed(value.Length, 16, since, until);

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
        }
    }

    public void Tagged(int tag, ref long value, long absent, short since, short until, string name)
    {
        if (HasTagged(value != absent, since, until))
        {
            Tag(tag, 8);
        }
    }

    public void Tagged(int tag, ref string? value, short since, short until, string name)
    {
        if (HasTagged(value is not null, since, until))
        {
            Tag(tag, SizeOf(Version, value!));
        }
    }

    public void Tagged(int tag, ref Guid value, short since, short until, string name)
    {
        if (HasTagged(value != Guid.Empty, since, until))
        {
            Tag(tag, 16);
        }
    }

    public void Tagged(int tag, ref ErrorCode value, short since, short until, string name)
    {
        if (HasTagged(value != ErrorCode.None, since, until))
        {
            Tag(tag, 2);
        }
    }

    public void TaggedArray<T>(int tag, ref T[] value, short since, short until, string name)
        where T : IWireStruct, new()
    {
        if (HasTagged(value.Length > 0, since, until))
        {
            Tag(tag, SizeOf(Version, value));
        }
    }

    public void TaggedStruct<T>(int tag, ref T? value, short since, short until, string name)
        where T : class, IWireStruct, new()
    {
        if (HasTagged(value is not null, since, until))
        {
            Tag(tag, SizeOf(Version, ref value!));
        }
    }

    internal static int UnsignedVarintSize(uint value) => 1 + ((31 - System.Numerics.BitOperations.LeadingZeroCount(value | 1)) / 7);

    /// <summary>Bytes of a tagged field's value.</summary>
    internal static int SizeOf(short version, string text)
    {
        var sizer = new WireSizer(version, flexible: true);
        sizer.Text(text, 0, short.MaxValue);
        return sizer.Size;
    }

    /// <inheritdoc cref="SizeOf(short, string)"/>
    internal static int SizeOf<T>(short version, T[] items)
        where T : IWireStruct
    {
        var sizer = new WireSizer(version, flexible: true);
        sizer.Items(items);
        return sizer.Size;
    }

    /// <inheritdoc cref="SizeOf(short, string)"/>
    internal static int SizeOf<T>(short version, ref T value)
        where T : IWireStruct
    {
        var sizer = new WireSizer(version, flexible: true);
        sizer.Message(ref value);
        return sizer.Size;
    }

    private readonly bool Has(short since, short until) => Version >= since && Version <= until;

    private readonly bool HasTagged(bool present, short since, short until) => present && Flexible && Has(since, until);

    private void Add(int bytes, short since, short until)
    {
        if (Has(since, until))
        {
            _size = checked(_size + bytes);
        }
    }

    private void Tag(int tag, int bytes)
    {
        _tags++;
        _size = checked(_size + UnsignedVarintSize((uint)tag) + UnsignedVarintSize((uint)bytes) + bytes);
    }

    private readonly int LengthSize(int length, bool isShort) => Flexible ? UnsignedVarintSize((uint)(length + 1)) : isShort ? 2 : 4;

    private void Text(string? text, short since, short until)
    {
        if (Has(since, until))
        {
            var bytes = text is null ? -1 : Encoding.UTF8.GetByteCount(text);
            _size = checked(_size + LengthSize(bytes, isShort: true) + Math.Max(bytes, 0));
        }
    }

    private void Block(int length, short since, short until)
    {
        if (Has(since, until))
        {
            _size = checked(_size + LengthSize(length, isShort: false) + Math.Max(length, 0));
        }
    }

    private void Fixed(int count, int elementBytes, short since, short until)
    {
        if (Has(since, until))
        {
            _size = checked(_size + LengthSize(count, isShort: false) + (Math.Max(count, 0) * elementBytes));
        }
    }

    private void Items<T>(T[]? items)
        where T : IWireStruct
    {
        _size = checked(_size + LengthSize(items?.Length ?? -1, isShort: false));
        for (var i = 0; items is not null && i < items.Length; i++)
        {
            Message(ref items[i]);
        }
    }

    private void Texts(string[]? items)
    {
        _size = checked(_size + LengthSize(items?.Length ?? -1, isShort: false));
        foreach (var item in items ?? [])
        {
            Text(item, 0, short.MaxValue);
        }
    }
}
