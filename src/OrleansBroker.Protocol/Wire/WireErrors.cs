using OrleansBroker.Protocol.Records;

namespace OrleansBroker.Protocol.Wire;

/// <summary>Finds the errors that a message says, at whatever depth; nothing is allocated where there are none.</summary>
public struct WireErrors(short version, bool flexible) : IWireCodec
{
    public short Version { get; } = version;

    public bool Flexible { get; } = flexible;

    /// <summary>Each as often as the message says it; null where it says none.</summary>
    public List<ErrorCode>? Found { get; private set; }

    public void Error(ref ErrorCode value, short since, short until, string name)
    {
        if (value != ErrorCode.None && Version >= since && Version <= until)
        {
            (Found ??= []).Add(value);
        }
    }

    public void Tagged(int tag, ref ErrorCode value, short since, short until, string name) => Error(ref value, since, until, name);

    public void Struct<T>(ref T value, short since, short until, string name)
        where T : IWireStruct, new()
    {
        if (value is not null && Version >= since && Version <= until)
        {
            value.Describe(ref this);
        }
    }

    public void NullableStruct<T>(ref T? value, short since, short until, string name)
        where T : class, IWireStruct, new() => Inside(value, since, until);

    public void TaggedStruct<T>(int tag, ref T? value, short since, short until, string name)
        where T : class, IWireStruct, new() => Inside(value, since, until);

    public void Array<T>(ref T[] value, short since, short until, string name)
        where T : IWireStruct, new() => InsideEach(value, since, until);

    public void NullableArray<T>(ref T[]? value, short since, short until, short nullableSince, string name)
        where T : IWireStruct, new() => InsideEach(value, since, until);

    public void TaggedArray<T>(int tag, ref T[] value, short since, short until, string name)
        where T : IWireStruct, new() => InsideEach(value, since, until);

    // The rest says no error.
    public readonly void Boolean(ref bool value, short since, short until, string name)
    {
    }

    public readonly void Int8(ref sbyte value, short since, short until, string name)
    {
    }

    public readonly void Int16(ref short value, short since, short until, string name)
    {
    }

    public readonly void UInt16(ref ushort value, short since, short until, string name)
    {
    }

    public readonly void Int32(ref int value, short since, short until, string name)
    {
    }

    public readonly void Int64(ref long value, short since, short until, string name)
    {
    }

    public readonly void Float64(ref double value, short since, short until, string name)
    {
    }

    public readonly void Uuid(ref Guid value, short since, short until, string name)
    {
    }

    public readonly void String(ref string value, short since, short until, string name)
    {
    }

    public readonly void NullableString(ref string? value, short since, short until, short nullableSince, string name)
    {
    }

    public readonly void Bytes(ref ReadOnlyMemory<byte> value, short since, short until, string name)
    {
    }

    public readonly void NullableBytes(ref ReadOnlyMemory<byte>? value, short since, short until, short nullableSince, string name)
    {
    }

    public readonly void Records(ref RecordSet value, short since, short until, string name)
    {
    }

    public readonly void Int8Array(ref sbyte[] value, short since, short until, string name)
    {
    }

    public readonly void Int32Array(ref int[] value, short since, short until, string name)
    {
    }

    public readonly void NullableInt32Array(ref int[]? value, short since, short until, short nullableSince, string name)
    {
    }

    public readonly void Int64Array(ref long[] value, short since, short until, string name)
    {
    }

    public readonly void UuidArray(ref Guid[] value, short since, short until, string name)
    {
    }

    public readonly void StringArray(ref string[] value, short since, short until, string name)
    {
    }

    public readonly void NullableStringArray(ref string[]? value, short since, short until, short nullableSince, string name)
    {
    }

    public readonly void Tagged(int tag, ref bool value, short since, short until, string name)
    {
    }

    public readonly void Tagged(int tag, ref long value, long absent, short since, short until, string name)
    {
    }

    public readonly void Tagged(int tag, ref string? value, short since, short until, string name)
    {
    }

    public readonly void Tagged(int tag, ref Guid value, short since, short until, string name)
    {
    }

    private void Inside<T>(T? value, short since, short until)
        where T : class, IWireStruct
    {
        if (value is not null && Version >= since && Version <= until)
        {
            value.Describe(ref this);
        }
    }

    private void InsideEach<T>(T[]? values, short since, short until)
        where T : IWireStruct
    {
        if (values is null || Version < since || Version > until)
        {
            return;
        }

        for (var i = 0; i < values.Length; i++)
        {
            values[i].Describe(ref this);
        }
    }
}
