using System.Buffers.Binary;
using OrleansBroker.Protocol.Wire;
using OrleansBroker.Simulator.Engine;

namespace OrleansBroker.Simulator.Network;

/// <summary>A connection to a broker's listener, as a client or another broker has one: requests go out as frames, and responses are told apart by their order.</summary>
internal sealed class ClientConnection
{
    private const int SizeBytes = 4;

    private readonly SimulatedSocket _socket;
    private readonly SimulatedProcess _process;
    private readonly string _clientId;
    private readonly SortedDictionary<int, TaskCompletionSource<byte[]>> _waiting = [];
    private int _correlationId;
    private bool _isClosed;

    private ClientConnection(SimulatedSocket socket, SimulatedProcess process, string clientId)
    {
        _socket = socket;
        _process = process;
        _clientId = clientId;
        socket.Begin(Receive, Lose);
    }

    public bool IsClosed => _isClosed;

    /// <exception cref="IOException">The broker cannot be reached.</exception>
    public static async Task<ClientConnection> OpenAsync(SimulatedNetwork network, SimulatedProcess process, int from, int to, string clientId) =>
        new(await network.ConnectAsync(process, from, to), process, clientId);

    /// <exception cref="IOException">The connection is lost, or there was no response in time: the request may have been handled or not.</exception>
    public async Task<TResponse> CallAsync<TRequest, TResponse>(TRequest request, short version, TimeSpan patience, CancellationToken cancellation = default)
        where TRequest : class, IRequest<TResponse>, new()
        where TResponse : class, IWireStruct, new()
    {
        var answered = new TaskCompletionSource<byte[]>(TaskCreationOptions.RunContinuationsAsynchronously);
        using var cancelled = cancellation.UnsafeRegister(_ => answered.TrySetCanceled(cancellation), null);
        using var timer = _process.Clock.CreateTimer(_ => answered.TrySetException(new IOException("no response in time")), null, patience, Timeout.InfiniteTimeSpan);
        var correlationId = Send(request, version, answered);
        try
        {
            var frame = await answered.Task;
            return ResponseFraming.Read<TResponse>(frame.AsMemory(SizeBytes), TRequest.Api, version, out _);
        }
        catch
        {
            // Later responses could not be told from this one's.
            Close();
            throw;
        }
        finally
        {
            _waiting.Remove(correlationId);
        }
    }

    /// <summary>Sends a request that has no response.</summary>
    public void Send<TRequest>(TRequest request, short version)
        where TRequest : IRequest =>
        _socket.Send(RequestFraming.Write(request, version, ++_correlationId, _clientId));

    public void Close()
    {
        _socket.Close();
        Lose();
    }

    private int Send<TRequest>(TRequest request, short version, TaskCompletionSource<byte[]> answered)
        where TRequest : IRequest
    {
        if (_isClosed)
        {
            answered.TrySetException(new IOException("the connection is closed"));
            return 0;
        }

        var correlationId = ++_correlationId;
        _waiting[correlationId] = answered;
        _socket.Send(RequestFraming.Write(request, version, correlationId, _clientId));
        return correlationId;
    }

    private void Receive(byte[] frame)
    {
        var correlationId = BinaryPrimitives.ReadInt32BigEndian(frame.AsSpan(SizeBytes));
        if (_waiting.TryGetValue(correlationId, out var answered))
        {
            answered.TrySetResult(frame);
        }
    }

    private void Lose()
    {
        _isClosed = true;
        foreach (var answered in _waiting.Values.ToArray())
        {
            answered.TrySetException(new IOException("the connection is lost"));
        }
    }
}
