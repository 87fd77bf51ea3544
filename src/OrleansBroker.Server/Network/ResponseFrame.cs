using System.Buffers;
using OrleansBroker.Protocol.Wire;

namespace OrleansBroker.Server.Network;

/// <summary>
/// A response on its way out, in one pooled buffer. Large record sets that lie in files are left out of it and noted as
/// splices, for the sender to put between the buffer's bytes.
/// </summary>
internal sealed class ResponseFrame
{
    /// <summary>
    /// Smaller record sets are read into the buffer: one copy costs less than the two or three further system calls of a splice.
    /// </summary>
    public const int SpliceBytesMin = 24 << 10;

    private byte[]? _buffer;
    private int _length;

    /// <summary>What goes between the bytes of <see cref="Head"/>, in order; their places count from its first byte.</summary>
    public List<RecordSplice> Splices { get; } = [];

    public bool IsEmpty => _buffer is null;

    /// <summary>All bytes but those of the splices.</summary>
    public ReadOnlyMemory<byte> Head => _buffer.AsMemory(0, _length);

    /// <summary>All bytes.</summary>
    public long Size
    {
        get
        {
            var size = (long)_length;
            foreach (var splice in Splices)
            {
                size += splice.Records.Length;
            }

            return size;
        }
    }

    public void Encode<TResponse>(ApiDescription api, short version, int correlationId, TResponse response)
        where TResponse : class, IWireStruct
    {
        var size = ResponseFraming.Measure(api, version, ref response, SpliceBytesMin);
        _buffer = ArrayPool<byte>.Shared.Rent(size.Inline);
        _length = ResponseFraming.Write(_buffer.AsSpan(0, size.Inline), size, api, version, correlationId, ref response, Splices, SpliceBytesMin);
        if (_length != size.Inline)
        {
            throw new InvalidOperationException($"{typeof(TResponse).Name} version {version} measured {size.Inline} bytes and wrote {_length}");
        }
    }

    /// <summary>All bytes, with those of the splices copied from where they lie.</summary>
    public byte[] ToArray()
    {
        var bytes = new byte[_length + Splices.Sum(splice => splice.Records.Length)];
        var written = 0;
        var done = 0;
        foreach (var splice in Splices)
        {
            Head[done..splice.At].CopyTo(bytes.AsMemory(written));
            written += splice.At - done;
            splice.Records.CopyTo(bytes.AsSpan(written));
            written += splice.Records.Length;
            done = splice.At;
        }

        Head[done..].CopyTo(bytes.AsMemory(written));
        return bytes;
    }

    public void Release()
    {
        if (_buffer is not null)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = null;
            Splices.Clear();
        }
    }
}
