using System.Globalization;
using System.Text;
using OrleansBroker.Protocol.Records;

namespace OrleansBroker.Protocol.Wire;

/// <summary>
/// Prints a message for logs and test failures: <c>HeartbeatRequest v3 {GroupId="g", GenerationId=4, …}</c>, with the fields
/// of that version only. Bytes and records are printed as lengths, and long arrays and strings are cut.
/// </summary>
public struct WirePrinter : IWireCodec
{
    private const int ElementsMax = 20;
    private const int CharactersMax = 200;

    private readonly StringBuilder _text;
    private bool _first;

    private WirePrinter(StringBuilder text, short version, bool flexible)
    {
        _text = text;
        Version = version;
        Flexible = flexible;
        _first = true;
    }

    public short Version { get; }

    public bool Flexible { get; }

    public static string Print<TRequest>(TRequest request, short version)
        where TRequest : IRequest => Print(request, TRequest.Api, version);

    /// <param name="api">The API that the request or response belongs to.</param>
    public static string Print<TMessage>(TMessage message, ApiDescription api, short version)
        where TMessage : IWireStruct
    {
        var text = new StringBuilder(message.GetType().Name).Append(CultureInfo.InvariantCulture, $" v{version} ");
        var printer = new WirePrinter(text, version, api.IsFlexible(version));
        printer.Nested(ref message);
        return text.ToString();
    }

    public void Boolean(ref bool value, short since, short until, string name) => Plain(value ? "true" : "false", since, until, name);

    public void Int8(ref sbyte value, short since, short until, string name) => Number(value, since, until, name);

    public void Int16(ref short value, short since, short until, string name) => Number(value, since, until, name);

    public void UInt16(ref ushort value, short since, short until, string name) => Number(value, since, until, name);

    public void Int32(ref int value, short since, short until, string name) => Number(value, since, until, name);

    public void Int64(ref long value, short since, short until, string name) => Number(value, since, until, name);

    public void Float64(ref double value, short since, short until, string name) =>
        Plain(value.ToString("R", CultureInfo.InvariantCulture), since, until, name);

    public void Uuid(ref Guid value, short since, short until, string name) => Plain(value.ToString(), since, until, name);

    public void Error(ref ErrorCode value, short since, short until, string name) => Plain(value.ToString(), since, until, name);

    public void String(ref string value, short since, short until, string name) => Quoted(value, since, until, name);

    public void NullableString(ref string? value, short since, short until, short nullableSince, string name) => Quoted(value, since, until, name);

    public void Bytes(ref ReadOnlyMemory<byte> value, short since, short until, string name) => Length(value.Length, since, until, name);

    public void NullableBytes(ref ReadOnlyMemory<byte>? value, short since, short until, short nullableSince, string name) =>
        Length(value?.Length, since, until, name);

    public void Records(ref RecordSet value, short since, short until, string name) =>
        Length(value.IsNull ? null : value.Length, since, until, name);

    public void Struct<T>(ref T value, short since, short until, string name)
        where T : IWireStruct, new()
    {
        if (Begin(since, until, name))
        {
            Nested(ref value);
        }
    }

    public void NullableStruct<T>(ref T? value, short since, short until, string name)
        where T : class, IWireStruct, new()
    {
        if (value is null)
        {
            Plain("null", since, until, name);
        }
        else
        {
            Struct(ref value, since, until, name);
        }
    }

    public void Array<T>(ref T[] value, short since, short until, string name)
        where T : IWireStruct, new() => Items(value, since, until, name);

    public void NullableArray<T>(ref T[]? value, short since, short until, short nullableSince, string name)
        where T : IWireStruct, new() => Items(value, since, until, name);

    public void Int8Array(ref sbyte[] value, short since, short until, string name) => Listed(value, since, until, name);

    public void Int32Array(ref int[] value, short since, short until, string name) => Listed(value, since, until, name);

    public void NullableInt32Array(ref int[]? value, short since, short until, short nullableSince, string name) => Listed(value, since, until, name);

    public void Int64Array(ref long[] value, short since, short until, string name) => Listed(value, since, until, name);

    public void UuidArray(ref Guid[] value, short since, short until, string name) => Listed(value, since, until, name);

    public void StringArray(ref string[] value, short since, short until, string name) => Listed(value, since, until, name);

    public void NullableStringArray(ref string[]? value, short since, short until, short nullableSince, string name) => Listed(value, since, until, name);

    public void Tagged(int tag, ref bool value, short since, short until, string name)
    {
        if (value && Flexible)
        {
            Boolean(ref value, since, until, name);
        }
    }

    public void Tagged(int tag, ref long value, long absent, short since, short until, string name)
    {
        if (value != absent && Flexible)
        {
            Int64(ref value, since, until, name);
        }
    }

    public void Tagged(int tag, ref string? value, short since, short until, string name)
    {
        if (value is not null && Flexible)
        {
            Quoted(value, since, until, name);
        }
    }

    public void Tagged(int tag, ref Guid value, short since, short until, string name)
    {
        if (value != Guid.Empty && Flexible)
        {
            Uuid(ref value, since, until, name);
        }
    }

    public void Tagged(int tag, ref ErrorCode value, short since, short until, string name)
    {
        if (value != ErrorCode.None && Flexible)
        {
            Error(ref value, since, until, name);
        }
    }

    public void TaggedArray<T>(int tag, ref T[] value, short since, short until, string name)
        where T : IWireStruct, new()
    {
        if (value.Length > 0 && Flexible)
        {
            Items(value, since, until, name);
        }
    }

    public void TaggedStruct<T>(int tag, ref T? value, short since, short until, string name)
        where T : class, IWireStruct, new()
    {
        if (value is not null && Flexible)
        {
            Struct(ref value, since, until, name);
        }
    }

    private bool Begin(short since, short until, string name)
    {
        if (Version < since || Version > until)
        {
            return false;
        }

        _text.Append(_first ? string.Empty : ", ").Append(name).Append('=');
        _first = false;
        return true;
    }

    private void Plain(string value, short since, short until, string name)
    {
        if (Begin(since, until, name))
        {
            _text.Append(value);
        }
    }

    private void Number(long value, short since, short until, string name)
    {
        if (Begin(since, until, name))
        {
            _text.Append(CultureInfo.InvariantCulture, $"{value}");
        }
    }

    private void Quoted(string? value, short since, short until, string name)
    {
        if (Begin(since, until, name))
        {
            Quote(value);
        }
    }

    private void Length(int? bytes, short since, short until, string name)
    {
        if (Begin(since, until, name))
        {
            _text.Append(bytes is null ? "null" : string.Create(CultureInfo.InvariantCulture, $"{bytes} bytes"));
        }
    }

    /// <summary>Control characters are printed as numbers: what a client sent cannot begin a line of its own in a log.</summary>
    private readonly void Quote(string? value)
    {
        if (value is null)
        {
            _text.Append("null");
            return;
        }

        _text.Append('"');
        foreach (var character in value.AsSpan(0, Math.Min(value.Length, CharactersMax)))
        {
            if (char.IsControl(character))
            {
                _text.Append(CultureInfo.InvariantCulture, $"\\u{(int)character:x4}");
            }
            else
            {
                _text.Append(character);
            }
        }

        _text.Append(value.Length > CharactersMax ? "…\"" : "\"");
    }

    private void Nested<T>(ref T value)
        where T : IWireStruct
    {
        _text.Append('{');
        _first = true;
        value.Describe(ref this);
        _first = false;
        _text.Append('}');
    }

    private void Items<T>(T[]? items, short since, short until, string name)
        where T : IWireStruct
    {
        if (!Begin(since, until, name))
        {
            return;
        }

        var count = Open(items);
        for (var i = 0; i < count; i++)
        {
            _text.Append(i == 0 ? string.Empty : ", ");
            Nested(ref items![i]);
        }

        Close(items);
    }

    private void Listed<T>(T[]? items, short since, short until, string name)
    {
        if (!Begin(since, until, name))
        {
            return;
        }

        var count = Open(items);
        for (var i = 0; i < count; i++)
        {
            _text.Append(i == 0 ? string.Empty : ", ");
            if (items![i] is string text)
            {
                Quote(text);
            }
            else
            {
                _text.Append(CultureInfo.InvariantCulture, $"{items[i]}");
            }
        }

        Close(items);
    }

    /// <summary>Returns how many elements are to be printed.</summary>
    private readonly int Open<T>(T[]? items)
    {
        _text.Append(items is null ? "null" : "[");
        return Math.Min(items?.Length ?? 0, ElementsMax);
    }

    private readonly void Close<T>(T[]? items)
    {
        if (items is not null)
        {
            _text.Append(items.Length > ElementsMax ? string.Create(CultureInfo.InvariantCulture, $", … {items.Length} in all]") : "]");
        }
    }
}
