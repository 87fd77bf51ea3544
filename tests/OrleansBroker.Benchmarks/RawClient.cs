using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace OrleansBroker.Benchmarks;

/// <summary>A client that allocates nothing: it sends frames that were encoded before and skims over the answers.</summary>
internal sealed class RawClient : IDisposable
{
    private readonly Socket _socket;
    private readonly byte[] _received = new byte[2 << 20];

    public RawClient(IPEndPoint broker)
    {
        _socket = new Socket(broker.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        _socket.Connect(broker);
    }

    public void Send(ReadOnlySpan<byte> frame)
    {
        while (!frame.IsEmpty)
        {
            frame = frame[_socket.Send(frame)..];
        }
    }

    /// <summary>The next response, from behind its size on; valid until the next call.</summary>
    public ReadOnlySpan<byte> Receive()
    {
        Fill(_received.AsSpan(0, 4));
        var frame = _received.AsSpan(0, BinaryPrimitives.ReadInt32BigEndian(_received));
        Fill(frame);
        return frame;
    }

    public void Call(ReadOnlySpan<byte> frame)
    {
        Send(frame);
        Receive();
    }

    public void Dispose() => _socket.Dispose();

    private void Fill(Span<byte> destination)
    {
        while (!destination.IsEmpty)
        {
            var received = _socket.Receive(destination);
            if (received == 0)
            {
                throw new IOException("the broker closed the connection");
            }

            destination = destination[received..];
        }
    }
}
