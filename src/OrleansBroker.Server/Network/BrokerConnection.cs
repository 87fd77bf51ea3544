using System.Buffers.Binary;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using OrleansBroker.Core.Ports;
using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Records;
using OrleansBroker.Protocol.Wire;

namespace OrleansBroker.Server.Network;

/// <summary>A connection to another broker's listener. What it received is in one buffer, which is used again for the next response.</summary>
internal sealed class BrokerConnection(Socket socket, string clientId, int responseBytesMax) : IBrokerConnection
{
    private const int PrefixBytes = 4;

    /// <summary>Room for most responses, and what is kept of it between them.</summary>
    private const int KeptBytes = 256 << 10;

    private readonly PooledBuffer _request = new();
    private readonly PooledBuffer _response = new();
    private int _correlationId;
    private volatile bool _isClosed;

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<TResponse> SendAsync<TRequest, TResponse>(TRequest request, short version, CancellationToken cancellation)
        where TRequest : class, IRequest<TResponse>, new()
        where TResponse : class, IWireStruct, new()
    {
        if (_isClosed)
        {
            throw new IOException("the connection is closed");
        }

        var isDone = false;
        try
        {
            var correlationId = ++_correlationId;
            _request.Clear();
            RequestFraming.Write(request, version, correlationId, clientId, _request);
            for (var rest = (ReadOnlyMemory<byte>)_request.Memory; !rest.IsEmpty;)
            {
                rest = rest[await socket.SendAsync(rest, SocketFlags.None, cancellation)..];
            }

            await ReceiveAsync(cancellation);
            var response = ResponseFraming.Read<TResponse>(_response.Memory[PrefixBytes..], TRequest.Api, version, out var answered);
            isDone = answered == correlationId;
            return isDone ? response : throw new IOException($"a response to request {answered} in place of {correlationId}");
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or MalformedMessageException)
        {
            throw new IOException(e.Message, e);
        }
        finally
        {
            if (!isDone)
            {
                // Without its response, the next one could not be told from it.
                await DisposeAsync();
            }
        }
    }

    /// <summary>A call that waits fails. The buffers are left to the collector: the last response may still be looked at.</summary>
    public ValueTask DisposeAsync()
    {
        _isClosed = true;
        socket.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>Fills the buffer with the next frame, its size included. Nothing can come behind it: nothing else was asked for.</summary>
    private async ValueTask ReceiveAsync(CancellationToken cancellation)
    {
        if (_response.Capacity > KeptBytes && _response.Length < KeptBytes)
        {
            _response.Dispose();
        }

        _response.Clear();
        _response.Reserve(KeptBytes);
        var size = -1;
        while (size < 0 || _response.Length < PrefixBytes + size)
        {
            var received = await socket.ReceiveAsync(_response.GetMemory(), SocketFlags.None, cancellation);
            if (received == 0)
            {
                throw new IOException("the broker closed the connection");
            }

            _response.Advance(received);
            if (size < 0 && _response.Length >= PrefixBytes)
            {
                size = BinaryPrimitives.ReadInt32BigEndian(_response.Span);
                if (size < 0 || size > responseBytesMax)
                {
                    throw new IOException($"a response of {size} bytes");
                }

                _response.Reserve(Math.Max(PrefixBytes + size - _response.Length, 0));
            }
        }

        if (_response.Length > PrefixBytes + size)
        {
            throw new IOException("more than was asked for");
        }
    }
}
