using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using OrleansBroker.Protocol.Messages;
using OrleansBroker.Protocol.Wire;

namespace OrleansBroker.Server.Tests;

/// <summary>A client's connection, with requests as messages or as any bytes.</summary>
internal sealed class TestClient : IDisposable
{
    public const string ClientId = "test";

    private int _correlationId;

    public TestClient(IPEndPoint broker)
    {
        Socket = new Socket(broker.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, ReceiveTimeout = 20_000 };
        Socket.Connect(broker);
    }

    public Socket Socket { get; }

    public static byte[] Frame<TRequest>(TRequest request, short version, int correlationId, string? clientId = ClientId)
        where TRequest : IRequest => RequestFraming.Write(request, version, correlationId, clientId);

    public void Send(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            bytes = bytes[Socket.Send(bytes)..];
        }
    }

    public int Send<TRequest>(TRequest request, short version, string? clientId = ClientId)
        where TRequest : IRequest
    {
        var id = ++_correlationId;
        Send(Frame(request, version, id, clientId));
        return id;
    }

    /// <summary>What follows the size; null where the broker closed the connection.</summary>
    public byte[]? Receive()
    {
        var size = new byte[4];
        if (!Fill(size))
        {
            return null;
        }

        var frame = new byte[BinaryPrimitives.ReadInt32BigEndian(size)];
        return Fill(frame) ? frame : null;
    }

    public TResponse Receive<TResponse>(ApiDescription api, short version, out int correlationId)
        where TResponse : IWireStruct, new()
    {
        var frame = Receive() ?? throw new IOException("the broker closed the connection");
        return ResponseFraming.Read<TResponse>(frame, api, version, out correlationId);
    }

    public TResponse Call<TRequest, TResponse>(TRequest request, short version, string? clientId = ClientId)
        where TRequest : IRequest<TResponse>
        where TResponse : IWireStruct, new()
    {
        var sent = Send(request, version, clientId);
        var response = Receive<TResponse>(TRequest.Api, version, out var received);
        Assert.Equal(sent, received);
        return response;
    }

    public ApiVersionsResponse ApiVersions() => Call<ApiVersionsRequest, ApiVersionsResponse>(new ApiVersionsRequest(), 0);

    /// <summary>Waits for the broker to close the connection; false where it sends something instead.</summary>
    public bool IsClosed()
    {
        try
        {
            return Socket.Receive(new byte[1]) == 0;
        }
        catch (SocketException e) when (e.SocketErrorCode is SocketError.ConnectionReset or SocketError.ConnectionAborted)
        {
            return true;
        }
    }

    public void Dispose() => Socket.Dispose();

    private bool Fill(Span<byte> destination)
    {
        while (!destination.IsEmpty)
        {
            int received;
            try
            {
                received = Socket.Receive(destination);
            }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionReset)
            {
                return false;
            }

            if (received == 0)
            {
                return false;
            }

            destination = destination[received..];
        }

        return true;
    }
}
