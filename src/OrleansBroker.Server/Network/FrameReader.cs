using System.Buffers;
using System.Buffers.Binary;
using OrleansBroker.Protocol;

namespace OrleansBroker.Server.Network;

/// <summary>
/// Cuts what a connection receives into requests: <c>size int32 | request</c>. Small requests, several at once, lie in a small
/// buffer that belongs to the connection; a larger one gets a rented buffer into which the rest of it is received directly.
/// Memory grows only as bytes arrive, so that a size alone allocates next to nothing.
/// </summary>
internal sealed class FrameReader(int requestBytesMax)
{
    private const int PrefixBytes = 4;

    /// <summary>Enough for every request without records; 2,000 idle connections hold 16 MiB.</summary>
    private const int BaseBytes = 8 << 10;

    /// <summary>A connection's first large request begins with this much; later ones with what the connection has already filled once.</summary>
    private const int FirstRentBytesMax = 128 << 10;

    private readonly byte[] _base = GC.AllocateUninitializedArray<byte>(BaseBytes);

    // The base buffer's bytes that no request has taken yet.
    private int _start;
    private int _end;

    // The large request that is being received or handled.
    private byte[]? _large;
    private int _largeSize;
    private int _largeFilled;
    private int _proven = FirstRentBytesMax;

    /// <summary>Whether part of a request has arrived.</summary>
    public bool IsInsideFrame => _large is not null || _end > _start;

    /// <summary>The size of the large request whose first bytes have arrived, 0 where there is none.</summary>
    public int LargeSize => _largeSize;

    /// <summary>
    /// The next request, if all of it is here; it is valid until <see cref="Release"/>. Where this says false the caller receives
    /// into <see cref="Space"/>, after it has made room for <see cref="LargeSize"/> bytes if that has become non-zero.
    /// </summary>
    /// <exception cref="MalformedMessageException">A size below zero or above the limit.</exception>
    public bool TryTake(out ReadOnlyMemory<byte> frame)
    {
        frame = default;
        if (_large is not null)
        {
            if (_largeFilled < _largeSize)
            {
                return false;
            }

            frame = _large.AsMemory(0, _largeSize);
            return true;
        }

        if (_end - _start < PrefixBytes)
        {
            return false;
        }

        var size = BinaryPrimitives.ReadInt32BigEndian(_base.AsSpan(_start));
        if (size < 0 || size > requestBytesMax)
        {
            throw new MalformedMessageException($"a request of {size} bytes; at most {requestBytesMax} are allowed");
        }

        if (_end - _start - PrefixBytes >= size)
        {
            frame = _base.AsMemory(_start + PrefixBytes, size);
            _start += PrefixBytes + size;
            return true;
        }

        if (size + PrefixBytes > BaseBytes)
        {
            BeginLarge(size);
        }

        return false;
    }

    /// <summary>Where to receive next; never empty.</summary>
    public Memory<byte> Space()
    {
        if (_large is not null)
        {
            if (_largeFilled == _large.Length)
            {
                Grow();
            }

            return _large.AsMemory(_largeFilled, Math.Min(_large.Length, _largeSize) - _largeFilled);
        }

        if (_start == _end)
        {
            _start = _end = 0;
        }
        else if (_start > 0)
        {
            _base.AsSpan(_start, _end - _start).CopyTo(_base);
            _end -= _start;
            _start = 0;
        }

        return _base.AsMemory(_end);
    }

    public void Received(int bytes)
    {
        if (_large is not null)
        {
            _largeFilled += bytes;
        }
        else
        {
            _end += bytes;
        }
    }

    /// <summary>Ends the request that <see cref="TryTake"/> gave; also frees one that was received in part.</summary>
    public void Release()
    {
        if (_large is not null)
        {
            _proven = Math.Max(_proven, _largeFilled);
            ArrayPool<byte>.Shared.Return(_large);
            _large = null;
            _largeSize = 0;
            _largeFilled = 0;
        }
    }

    private void BeginLarge(int size)
    {
        _large = ArrayPool<byte>.Shared.Rent(Math.Min(size, _proven));
        _largeSize = size;
        _largeFilled = _end - _start - PrefixBytes;
        _base.AsSpan(_start + PrefixBytes, _largeFilled).CopyTo(_large);
        _start = _end = 0;
    }

    private void Grow()
    {
        var larger = ArrayPool<byte>.Shared.Rent((int)Math.Min(_largeSize, (long)_large!.Length * 4));
        _large.AsSpan(0, _largeFilled).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_large);
        _large = larger;
    }
}
