using System.Buffers.Binary;
using System.Runtime.InteropServices;
using OrleansBroker.Protocol.Records;

namespace OrleansBroker.Protocol.Wire;

/// <summary>
/// Reads a message from a frame. Whatever the bytes are, the outcome is a message or a <see cref="MalformedMessageException"/>,
/// and what is allocated on the way is bounded by the frame's length and by <see cref="ElementsMax"/>.
/// </summary>
public ref struct WireReader : IWireCodec
{
    /// <summary>The most array elements in one message: far above what a client sends, far below what would fill the memory.</summary>
    public const int ElementsMax = 1_000_000;

    /// <summary>An array of structs starts at this capacity at most and grows as elements are read, so that a count alone allocates nothing.</summary>
    private const int InitialElementsMax = 64;

    private FrameCursor _frame;

    // The tagged fields of the struct that is being read: -1 before its first tagged field was asked for.
    private int _tagsStart;
    private int _tagsEnd;

    /// <param name="frame">The bytes from the message's first field on.</param>
    /// <param name="strings">Where short strings that recur are kept, so that they are not allocated again; or null.</param>
    public WireReader(ReadOnlyMemory<byte> frame, short version, bool flexible, StringCache? strings = null)
    {
        _frame = new FrameCursor(frame, flexible, strings);
        Version = version;
        Flexible = flexible;
        _tagsStart = -1;
    }

    public short Version { get; }

    public bool Flexible { get; }

    /// <summary>Bytes read so far.</summary>
    public readonly int Position => _frame.Position;

    /// <summary>Bytes not read yet.</summary>
    public readonly int Remaining => _frame.Remaining;

    /// <summary>Reads a whole message, its closing tagged fields included. Bytes behind it are left alone.</summary>
    public void Message<T>(ref T message)
        where T : IWireStruct
    {
        var tagsStart = _tagsStart;
        var tagsEnd = _tagsEnd;
        _tagsStart = -1;
        message.Describe(ref this);
        if (Flexible)
        {
            FindTags();
            _frame.Position = _tagsEnd;
        }

        _tagsStart = tagsStart;
        _tagsEnd = tagsEnd;
    }

    public void Boolean(ref bool value, short since, short until, string name)
    {
        if (Has(since, until))
        {
            value = _frame.Take(1)[0] != 0;
        }
    }

    public void Int8(ref sbyte value, short since, short until, string name)
    {
        if (Has(since, until))
        {
            value = (sbyte)_frame.Take(1)[0];
        }
    }

    public void Int16(ref short value, short since, short until, string name)
    {
        if (Has(since, until))
        {
            value = BinaryPrimitives.ReadInt16BigEndian(_frame.Take(2));
        }
    }

    public void UInt16(ref ushort value, short since, short until, string name)
    {
        if (Has(since, until))
        {
            value = BinaryPrimitives.ReadUInt16BigEndian(_frame.Take(2));
        }
    }

    public void Int32(ref int value, short since, short until, string name)
    {
        if (Has(since, until))
        {
            value = BinaryPrimitives.ReadInt32BigEndian(_frame.Take(4));
        }
    }

    public void Int64(ref long value, short since, short until, string name)
    {
        if (Has(since, until))
        {
            value = BinaryPrimitives.ReadInt64BigEndian(_frame.Take(8));
        }
    }

    public void Float64(ref double value, short since, short until, string name)
    {
        if (Has(since, until))
        {
            value = BinaryPrimitives.ReadDoubleBigEndian(_frame.Take(8));
        }
    }

    public void Uuid(ref Guid value, short since, short until, string name)
    {
        if (Has(since, until))
        {
            value = new Guid(_frame.Take(16), bigEndian: true);
        }
    }

    public void Error(ref ErrorCode value, short since, short until, string name)
    {
        if (Has(since, until))
        {
            value = (ErrorCode)BinaryPrimitives.ReadInt16BigEndian(_frame.Take(2));
        }
    }

    public void String(ref string value, short since, short until, string name)
    {
        if (Has(since, until))
        {
            value = _frame.ReadString() ?? throw Null(name);
        }
    }

    public void NullableString(ref string? value, short since, short until, short nullableSince, string name)
    {
        if (Has(since, until))
        {
            value = _frame.ReadString();
            RequireNullable(value is null, nullableSince, name);
        }
    }

    public void Bytes(ref ReadOnlyMemory<byte> value, short since, short until, string name)
    {
        if (Has(since, until))
        {
            value = _frame.ReadBytes() ?? throw Null(name);
        }
    }

    public void NullableBytes(ref ReadOnlyMemory<byte>? value, short since, short until, short nullableSince, string name)
    {
        if (Has(since, until))
        {
            value = _frame.ReadBytes();
            RequireNullable(value is null, nullableSince, name);
        }
    }

    public void Records(ref RecordSet value, short since, short until, string name)
    {
        if (Has(since, until))
        {
            value = _frame.ReadBytes() is { } bytes ? new RecordSet(bytes) : default;
        }
    }

    public void Struct<T>(ref T value, short since, short until, string name)
        where T : IWireStruct, new()
    {
        if (Has(since, until))
        {
            value = new T();
            Message(ref value);
        }
    }

    public void NullableStruct<T>(ref T? value, short since, short until, string name)
        where T : class, IWireStruct, new()
    {
        if (Has(since, until))
        {
            value = null;
            if ((sbyte)_frame.Take(1)[0] >= 0)
            {
                value = new T();
                Message(ref value);
            }
        }
    }

    public void Array<T>(ref T[] value, short since, short until, string name)
        where T : IWireStruct, new()
    {
        if (Has(since, until))
        {
            value = ReadArray<T>() ?? throw Null(name);
        }
    }

    public void NullableArray<T>(ref T[]? value, short since, short until, short nullableSince, string name)
        where T : IWireStruct, new()
    {
        if (Has(since, until))
        {
            value = ReadArray<T>();
            RequireNullable(value is null, nullableSince, name);
        }
    }

    public void Int8Array(ref sbyte[] value, short since, short until, string name)
    {
        if (Has(since, until))
        {
            value = new sbyte[_frame.ReadCount(1) ?? throw Null(name)];
            _frame.Take(value.Length).CopyTo(MemoryMarshal.AsBytes(value.AsSpan()));
        }
    }

    public void Int32Array(ref int[] value, short since, short until, string name)
    {
        if (Has(since, until))
        {
            value = ReadInt32Array() ?? throw Null(name);
        }
    }

    public void NullableInt32Array(ref int[]? value, short since, short until, short nullableSince, string name)
    {
        if (Has(since, until))
        {
            value = ReadInt32Array();
            RequireNullable(value is null, nullableSince, name);
        }
    }

    public void Int64Array(ref long[] value, short since, short until, string name)
    {
        if (Has(since, until))
        {
            value = new long[_frame.ReadCount(8) ?? throw Null(name)];
            for (var i = 0; i < value.Length; i++)
            {
                value[i] = BinaryPrimitives.ReadInt64BigEndian(_frame.Take(8));
            }
        }
    }

    public void UuidArray(ref Guid[] value, short since, short until, string name)
    {
        if (Has(since, until))
        {
            value = new Guid[_frame.ReadCount(16) ?? throw Null(name)];
            for (var i = 0; i < value.Length; i++)
            {
                value[i] = new Guid(_frame.Take(16), bigEndian: true);
            }
        }
    }

    public void StringArray(ref string[] value, short since, short until, string name)
    {
        if (Has(since, until))
        {
            value = ReadStringArray(name) ?? throw Null(name);
        }
    }

    public void NullableStringArray(ref string[]? value, short since, short until, short nullableSince, string name)
    {
        if (Has(since, until))
        {
            value = ReadStringArray(name);
            RequireNullable(value is null, nullableSince, name);
        }
    }

    public void Tagged(int tag, ref bool value, short since, short until, string name)
    {
        value = false;
        if (Seek(tag, since, until, out var valueEnd))
        {
            Boolean(ref value, 0, short.MaxValue, name);
            Return(valueEnd);
        }
    }

    public void Tagged(int tag, ref long value, long absent, short since, short until, string name)
    {
        value = absent;
        if (Seek(tag, since, until, out var valueEnd))
        {
            Int64(ref value, 0, short.MaxValue, name);
            Return(valueEnd);
        }
    }

    public void Tagged(int tag, ref string? value, short since, short until, string name)
    {
        value = null;
        if (Seek(tag, since, until, out var valueEnd))
        {
            value = _frame.ReadString();
            Return(valueEnd);
        }
    }

    public void Tagged(int tag, ref Guid value, short since, short until, string name)
    {
        value = Guid.Empty;
        if (Seek(tag, since, until, out var valueEnd))
        {
            Uuid(ref value, 0, short.MaxValue, name);
            Return(valueEnd);
        }
    }

    public void Tagged(int tag, ref ErrorCode value, short since, short until, string name)
    {
        value = ErrorCode.None;
        if (Seek(tag, since, until, out var valueEnd))
        {
            Error(ref value, 0, short.MaxValue, name);
            Return(valueEnd);
        }
    }

    public void TaggedArray<T>(int tag, ref T[] value, short since, short until, string name)
        where T : IWireStruct, new()
    {
        value = [];
        if (Seek(tag, since, until, out var valueEnd))
        {
            Array(ref value, 0, short.MaxValue, name);
            Return(valueEnd);
        }
    }

    public void TaggedStruct<T>(int tag, ref T? value, short since, short until, string name)
        where T : class, IWireStruct, new()
    {
        value = null;
        if (Seek(tag, since, until, out var valueEnd))
        {
            value = new T();
            Message(ref value);
            Return(valueEnd);
        }
    }

    private readonly bool Has(short since, short until) => Version >= since && Version <= until;

    private static MalformedMessageException Null(string name) => new($"{name} is null");

    private readonly void RequireNullable(bool isNull, short nullableSince, string name)
    {
        if (isNull && Version < nullableSince)
        {
            throw Null(name);
        }
    }

    private T[]? ReadArray<T>()
        where T : IWireStruct, new()
    {
        if (_frame.ReadCount(1) is not { } count)
        {
            return null;
        }

        if (count == 0)
        {
            return [];
        }

        var items = new T[Math.Min(count, InitialElementsMax)];
        for (var i = 0; i < count; i++)
        {
            if (i == items.Length)
            {
                System.Array.Resize(ref items, Math.Min(count, i * 2));
            }

            items[i] = new T();
            Message(ref items[i]);
        }

        return items;
    }

    private int[]? ReadInt32Array()
    {
        if (_frame.ReadCount(4) is not { } count)
        {
            return null;
        }

        var items = new int[count];
        for (var i = 0; i < count; i++)
        {
            items[i] = BinaryPrimitives.ReadInt32BigEndian(_frame.Take(4));
        }

        return items;
    }

    private string[]? ReadStringArray(string name)
    {
        if (_frame.ReadCount(1) is not { } count)
        {
            return null;
        }

        var items = new string[count];
        for (var i = 0; i < count; i++)
        {
            items[i] = _frame.ReadString() ?? throw Null(name);
        }

        return items;
    }

    /// <summary>Finds where the struct's tagged fields begin and end, once; the position is left at their end.</summary>
    private void FindTags()
    {
        if (_tagsStart >= 0)
        {
            return;
        }

        _tagsStart = _frame.Position;
        var previous = -1L;
        for (var count = _frame.ReadUnsignedVarint(); count > 0; count--)
        {
            var tag = _frame.ReadUnsignedVarint();
            if (tag <= previous)
            {
                throw new MalformedMessageException($"tag {tag} after tag {previous}");
            }

            previous = tag;
            var size = _frame.ReadUnsignedVarint();
            if (size > int.MaxValue)
            {
                throw new MalformedMessageException($"a tagged field of {size} bytes");
            }

            _frame.Take((int)size);
        }

        _tagsEnd = _frame.Position;
    }

    /// <summary>Goes to the value of a tagged field, if it is there; once it is read, the caller goes back by <see cref="Return"/>.</summary>
    private bool Seek(int tag, short since, short until, out int valueEnd)
    {
        valueEnd = 0;
        if (!Flexible || !Has(since, until))
        {
            return false;
        }

        FindTags();
        _frame.Position = _tagsStart;
        for (var count = _frame.ReadUnsignedVarint(); count > 0; count--)
        {
            var found = _frame.ReadUnsignedVarint();
            var size = (int)_frame.ReadUnsignedVarint();
            if (found == (uint)tag)
            {
                valueEnd = _frame.Position + size;
                return true;
            }

            _frame.Position += size;
        }

        _frame.Position = _tagsEnd;
        return false;
    }

    private void Return(int valueEnd)
    {
        if (_frame.Position != valueEnd)
        {
            throw new MalformedMessageException($"a tagged field's value ends {_frame.Position - valueEnd} bytes behind its size");
        }

        _frame.Position = _tagsEnd;
    }
}
