using System.Buffers.Binary;
using System.Text;

namespace OrleansBroker.Protocol.Wire;

/// <summary>A place in a frame, and the reading of what descriptions are made of from there: bytes, lengths, counts and strings.</summary>
internal ref struct FrameCursor(ReadOnlyMemory<byte> frame, bool flexible, StringCache? strings)
{
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly ReadOnlyMemory<byte> _memory = frame;
    private readonly ReadOnlySpan<byte> _span = frame.Span;
    private readonly bool _flexible = flexible;
    private readonly StringCache? _strings = strings;
    private int _elements;

    /// <summary>Bytes read so far.</summary>
    public int Position { get; set; }

    /// <summary>Bytes not read yet.</summary>
    public readonly int Remaining => _span.Length - Position;

    public static string Decode(ReadOnlySpan<byte> utf8)
    {
        try
        {
            return StrictUtf8.GetString(utf8);
        }
        catch (DecoderFallbackException e)
        {
            throw new MalformedMessageException("a string that is not UTF-8", e);
        }
    }

    public ReadOnlySpan<byte> Take(int count)
    {
        if ((uint)count > (uint)(_span.Length - Position))
        {
            throw new MalformedMessageException($"{count} bytes wanted, {Remaining} left");
        }

        var taken = _span.Slice(Position, count);
        Position += count;
        return taken;
    }

    public uint ReadUnsignedVarint()
    {
        uint value = 0;
        for (var shift = 0; shift < 35; shift += 7)
        {
            var next = Take(1)[0];
            if (shift == 28 && next > 0x0F)
            {
                break;
            }

            value |= (uint)(next & 0x7F) << shift;
            if (next < 0x80)
            {
                return value;
            }
        }

        throw new MalformedMessageException("a varint of more than 32 bits");
    }

    /// <summary>A count that fits the bytes that are left and, with all counts before it, the budget; null for the wire's null.</summary>
    public int? ReadCount(int elementBytesMin)
    {
        if (ReadLength(isShort: false) is not { } count)
        {
            return null;
        }

        if ((long)count * elementBytesMin > Remaining)
        {
            throw new MalformedMessageException($"an array of {count} elements with {Remaining} bytes left");
        }

        _elements += count;
        if (_elements > WireReader.ElementsMax)
        {
            throw new MalformedMessageException($"more than {WireReader.ElementsMax} array elements in one message");
        }

        return count;
    }

    public string? ReadString()
    {
        if (ReadLength(isShort: true) is not { } length)
        {
            return null;
        }

        var utf8 = Take(length);
        return _strings is null ? Decode(utf8) : _strings.Get(utf8);
    }

    /// <summary>A part of the frame itself.</summary>
    public ReadOnlyMemory<byte>? ReadBytes()
    {
        if (ReadLength(isShort: false) is not { } length)
        {
            return null;
        }

        var start = Position;
        Take(length);
        return _memory.Slice(start, length);
    }

    /// <summary>A length that fits the bytes that are left, or null for the wire's null.</summary>
    private int? ReadLength(bool isShort)
    {
        long length = _flexible ? (long)ReadUnsignedVarint() - 1
            : isShort ? BinaryPrimitives.ReadInt16BigEndian(Take(2))
            : BinaryPrimitives.ReadInt32BigEndian(Take(4));
        return length switch
        {
            -1 => null,
            > short.MaxValue when isShort => throw new MalformedMessageException($"a string of {length} bytes"),
            < -1 => throw new MalformedMessageException($"a length of {length}"),
            _ when length > Remaining => throw new MalformedMessageException($"a length of {length} with {Remaining} bytes left"),
            _ => (int)length,
        };
    }
}
