using System.Buffers;

namespace OrleansBroker.Protocol.Records;

/// <summary>
/// Bytes that grow in an array of the shared pool, made to be kept and used again. Spans and memories of it are valid until
/// it grows, is cleared or disposed. Not safe for use by two threads at once.
/// </summary>
public sealed class PooledBuffer : IBufferWriter<byte>, IDisposable
{
    private const int BytesMin = 256;

    private byte[] _array = [];

    public PooledBuffer()
    {
    }

    public PooledBuffer(int capacityBytes) => Reserve(capacityBytes);

    /// <summary>Bytes written.</summary>
    public int Length { get; private set; }

    /// <summary>Bytes that fit without growing, those written included.</summary>
    public int Capacity => _array.Length;

    /// <summary>What was written, open to change.</summary>
    public Span<byte> Span => _array.AsSpan(0, Length);

    /// <summary>What was written, open to change.</summary>
    public Memory<byte> Memory => _array.AsMemory(0, Length);

    /// <summary>Forgets what was written and keeps the array.</summary>
    public void Clear() => Length = 0;

    /// <summary>Forgets what was written from <paramref name="length"/> on.</summary>
    public void Truncate(int length)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)length, (uint)Length, nameof(length));
        Length = length;
    }

    public void Advance(int count)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)count, (uint)(_array.Length - Length), nameof(count));
        Length += count;
    }

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        Reserve(Math.Max(sizeHint, 1));
        return _array.AsMemory(Length);
    }

    /// <summary>All the room there is, at least <paramref name="sizeHint"/> bytes of it.</summary>
    public Span<byte> GetSpan(int sizeHint = 0)
    {
        Reserve(Math.Max(sizeHint, 1));
        return _array.AsSpan(Length);
    }

    public void Write(ReadOnlySpan<byte> bytes)
    {
        Reserve(bytes.Length);
        bytes.CopyTo(_array.AsSpan(Length));
        Length += bytes.Length;
    }

    /// <summary>Makes room for <paramref name="count"/> more bytes.</summary>
    public void Reserve(int count)
    {
        if (_array.Length - Length >= count)
        {
            return;
        }

        var needed = checked(Length + count);
        var doubled = (int)Math.Min((long)_array.Length * 2, Array.MaxLength);
        var grown = ArrayPool<byte>.Shared.Rent(Math.Max(Math.Max(needed, doubled), BytesMin));
        Span.CopyTo(grown);
        Return();
        _array = grown;
    }

    /// <summary>Gives the array back; the buffer is empty afterwards and may be used on.</summary>
    public void Dispose()
    {
        Return();
        _array = [];
        Length = 0;
    }

    private void Return()
    {
        if (_array.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_array);
        }
    }
}
