using OrleansBroker.Protocol.Records;
using OrleansBroker.Protocol.Wire;

namespace OrleansBroker.Protocol.Tests;

/// <summary>
/// Fills a message with random values: in the fields of its version only, null only where the version has it. On the way it
/// checks that a description names tagged fields last and in order, and notes what it names.
/// </summary>
public struct RandomFiller(Random random, short version, bool flexible, bool tagged, HashSet<(Type Struct, string Field)>? described) : IWireCodec
{
    private const int ElementsMax = 3;
    private const int NoTag = -1;

    private int _lastTag;
    private Type? _struct;

    public short Version { get; } = version;

    public bool Flexible { get; } = flexible;

    public void Message<T>(ref T message)
        where T : IWireStruct
    {
        var outer = (_lastTag, _struct);
        _lastTag = NoTag;
        _struct = typeof(T);
        message.Describe(ref this);
        (_lastTag, _struct) = outer;
    }

    public void Boolean(ref bool value, short since, short until, string name) => value = Has(since, until, name) ? random.Next(2) == 0 : value;

    public void Int8(ref sbyte value, short since, short until, string name) => value = Has(since, until, name) ? (sbyte)random.Next(256) : value;

    public void Int16(ref short value, short since, short until, string name) => value = Has(since, until, name) ? (short)random.Next(65536) : value;

    public void UInt16(ref ushort value, short since, short until, string name) => value = Has(since, until, name) ? (ushort)random.Next(65536) : value;

    public void Int32(ref int value, short since, short until, string name) => value = Has(since, until, name) ? random.Next(int.MinValue, int.MaxValue) : value;

    public void Int64(ref long value, short since, short until, string name) => value = Has(since, until, name) ? random.NextInt64(long.MinValue, long.MaxValue) : value;

    public void Float64(ref double value, short since, short until, string name) => value = Has(since, until, name) ? random.NextDouble() : value;

    public void Uuid(ref Guid value, short since, short until, string name) => value = Has(since, until, name) ? Id() : value;

    public void Error(ref ErrorCode value, short since, short until, string name) => value = Has(since, until, name) ? (ErrorCode)random.Next(-1, 134) : value;

    public void String(ref string value, short since, short until, string name) => value = Has(since, until, name) ? Text() : value;

    public void NullableString(ref string? value, short since, short until, short nullableSince, string name)
    {
        if (Has(since, until, name))
        {
            value = IsNull(nullableSince) ? null : Text();
        }
    }

    public void Bytes(ref ReadOnlyMemory<byte> value, short since, short until, string name) => value = Has(since, until, name) ? Blob() : value;

    public void NullableBytes(ref ReadOnlyMemory<byte>? value, short since, short until, short nullableSince, string name)
    {
        if (Has(since, until, name))
        {
            value = IsNull(nullableSince) ? null : Blob();
        }
    }

    public void Records(ref RecordSet value, short since, short until, string name)
    {
        if (Has(since, until, name))
        {
            value = IsNull(0) ? default : new RecordSet(Blob());
        }
    }

    public void Struct<T>(ref T value, short since, short until, string name)
        where T : IWireStruct, new()
    {
        if (Has(since, until, name))
        {
            Message(ref value);
        }
    }

    public void NullableStruct<T>(ref T? value, short since, short until, string name)
        where T : class, IWireStruct, new()
    {
        if (Has(since, until, name))
        {
            value = IsNull(0) ? null : Filled<T>();
        }
    }

    public void Array<T>(ref T[] value, short since, short until, string name)
        where T : IWireStruct, new() => value = Has(since, until, name) ? Items<T>() : value;

    public void NullableArray<T>(ref T[]? value, short since, short until, short nullableSince, string name)
        where T : IWireStruct, new()
    {
        if (Has(since, until, name))
        {
            value = IsNull(nullableSince) ? null : Items<T>();
        }
    }

    public void Int8Array(ref sbyte[] value, short since, short until, string name)
    {
        var source = random;
        value = Has(since, until, name) ? Many(() => (sbyte)source.Next(256)) : value;
    }

    public void Int32Array(ref int[] value, short since, short until, string name) => value = Has(since, until, name) ? Many(random.Next) : value;

    public void NullableInt32Array(ref int[]? value, short since, short until, short nullableSince, string name)
    {
        if (Has(since, until, name))
        {
            value = IsNull(nullableSince) ? null : Many(random.Next);
        }
    }

    public void Int64Array(ref long[] value, short since, short until, string name) => value = Has(since, until, name) ? Many(random.NextInt64) : value;

    public void UuidArray(ref Guid[] value, short since, short until, string name) => value = Has(since, until, name) ? Many(Id) : value;

    public void StringArray(ref string[] value, short since, short until, string name) => value = Has(since, until, name) ? Many(Text) : value;

    public void NullableStringArray(ref string[]? value, short since, short until, short nullableSince, string name)
    {
        if (Has(since, until, name))
        {
            value = IsNull(nullableSince) ? null : Many(Text);
        }
    }

    public void Tagged(int tag, ref bool value, short since, short until, string name) => value = HasTagged(tag, since, until, name);

    public void Tagged(int tag, ref long value, long absent, short since, short until, string name) =>
        value = HasTagged(tag, since, until, name) ? random.NextInt64() : absent;

    public void Tagged(int tag, ref string? value, short since, short until, string name) => value = HasTagged(tag, since, until, name) ? Text() : null;

    public void Tagged(int tag, ref Guid value, short since, short until, string name) => value = HasTagged(tag, since, until, name) ? Id() : Guid.Empty;

    public void Tagged(int tag, ref ErrorCode value, short since, short until, string name) =>
        value = HasTagged(tag, since, until, name) ? ErrorCode.InvalidConfig : ErrorCode.None;

    public void TaggedArray<T>(int tag, ref T[] value, short since, short until, string name)
        where T : IWireStruct, new() => value = HasTagged(tag, since, until, name) ? Items<T>() : [];

    public void TaggedStruct<T>(int tag, ref T? value, short since, short until, string name)
        where T : class, IWireStruct, new() => value = HasTagged(tag, since, until, name) ? Filled<T>() : null;

    private readonly bool Has(short since, short until, string name)
    {
        Assert.True(_lastTag == NoTag, $"{_struct}.{name} is named after a tagged field");
        Note(name);
        return Version >= since && Version <= until;
    }

    private bool HasTagged(int tag, short since, short until, string name)
    {
        Assert.True(tag > _lastTag, $"{_struct}.{name}: tag {tag} after tag {_lastTag}");
        _lastTag = tag;
        Note(name);
        return Flexible && tagged && Version >= since && Version <= until && random.Next(3) > 0;
    }

    private readonly void Note(string name)
    {
        if (_struct is not null)
        {
            described?.Add((_struct, name));
        }
    }

    private readonly bool IsNull(short nullableSince) => Version >= nullableSince && random.Next(4) == 0;

    private readonly Guid Id()
    {
        var bytes = new byte[16];
        random.NextBytes(bytes);
        return new Guid(bytes);
    }

    private readonly string Text() => random.Next(5) switch
    {
        0 => string.Empty,
        1 => new string('x', random.Next(126, 130)),
        2 => "größer-日本-🎉",
        _ => $"t{random.Next()}",
    };

    private readonly ReadOnlyMemory<byte> Blob()
    {
        var bytes = new byte[random.Next(3) == 0 ? random.Next(126, 130) : random.Next(5)];
        random.NextBytes(bytes);
        return bytes;
    }

    private readonly T[] Many<T>(Func<T> next) => [.. Enumerable.Range(0, random.Next(ElementsMax + 1)).Select(_ => next())];

    private T Filled<T>()
        where T : IWireStruct, new()
    {
        var value = new T();
        Message(ref value);
        return value;
    }

    private T[] Items<T>()
        where T : IWireStruct, new()
    {
        // Described at least once, so that what the description names is known whatever the count.
        var one = Filled<T>();
        var items = new T[random.Next(ElementsMax + 1)];
        for (var i = 0; i < items.Length; i++)
        {
            items[i] = i == 0 ? one : Filled<T>();
        }

        return items;
    }
}
