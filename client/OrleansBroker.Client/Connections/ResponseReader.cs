using System.Buffers.Binary;
using System.Net.Sockets;
using OrleansBroker.Protocol;

namespace OrleansBroker.Client.Connections;

/// <summary>
/// Cuts what a connection receives into responses: <c>size int32 | correlation id int32 | response</c>. Small ones, several at
/// once, lie in a buffer that belongs to the connection; a larger one, or one whose bytes are kept, gets a frame of its own.
/// </summary>
internal sealed class ResponseReader(Socket socket, int responseBytesMax)
{
    private const int PrefixBytes = 4;
    private const int CorrelationIdBytes = 4;

    /// <summary>Enough for every response without records.</summary>
    private const int BaseBytes = 16 << 10;

    private readonly byte[] _base = GC.AllocateUninitializedArray<byte>(BaseBytes);
    private int _start;
    private int _end;

    private ReadOnlySpan<byte> Unread => _base.AsSpan(_start, _end - _start);

    /// <summary>Waits for the next response's size and correlation id. The response is then taken by <see cref="ReadAsync"/>.</summary>
    /// <exception cref="IOException">The broker closed the connection.</exception>
    public async ValueTask<(int Size, int CorrelationId)> NextAsync()
    {
        while (_end - _start < PrefixBytes + CorrelationIdBytes)
        {
            await FillAsync().ConfigureAwait(false);
        }

        var size = BinaryPrimitives.ReadInt32BigEndian(Unread);
        var correlationId = BinaryPrimitives.ReadInt32BigEndian(Unread[PrefixBytes..]);
        if (size < CorrelationIdBytes || size > responseBytesMax)
        {
            throw new MalformedMessageException($"a response of {size} bytes; at most {responseBytesMax} are allowed");
        }

        _start += PrefixBytes;
        return (size, correlationId);
    }

    /// <summary>The response that <see cref="NextAsync"/> announced, its correlation id included.</summary>
    /// <param name="keep">Whether it is to have a frame of its own.</param>
    /// <returns>The bytes, valid until the next call where there is no frame, and the frame, where there is one, for the caller to dispose.</returns>
    public async ValueTask<(ReadOnlyMemory<byte> Bytes, ResponseFrame? Frame)> ReadAsync(int size, bool keep)
    {
        if (!keep && size <= BaseBytes)
        {
            while (_end - _start < size)
            {
                await FillAsync().ConfigureAwait(false);
            }

            _start += size;
            return (_base.AsMemory(_start - size, size), null);
        }

        var frame = new ResponseFrame(size);
        try
        {
            var filled = Math.Min(size, _end - _start);
            Unread[..filled].CopyTo(frame.Memory.Span);
            _start += filled;
            while (filled < size)
            {
                filled += await ReceiveAsync(frame.Memory[filled..]).ConfigureAwait(false);
            }

            return (frame.Memory, frame);
        }
        catch
        {
            frame.Dispose();
            throw;
        }
    }

    private async ValueTask FillAsync()
    {
        if (_start > 0)
        {
            Unread.CopyTo(_base);
            _end -= _start;
            _start = 0;
        }

        _end += await ReceiveAsync(_base.AsMemory(_end)).ConfigureAwait(false);
    }

    private async ValueTask<int> ReceiveAsync(Memory<byte> room)
    {
        var received = await socket.ReceiveAsync(room, SocketFlags.None).ConfigureAwait(false);
        return received > 0 ? received : throw new IOException("the broker closed the connection");
    }
}
