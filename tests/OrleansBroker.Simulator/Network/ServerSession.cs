using OrleansBroker.Server.Dispatch;

namespace OrleansBroker.Simulator.Network;

/// <summary>A broker's end of a connection: executes one request after the other with the broker's real handlers.</summary>
internal sealed class ServerSession
{
    private const int SizeBytes = 4;

    private readonly SimulatedSocket _socket;
    private readonly CancellationTokenSource _closed = new();
    private readonly InMemorySession _session;
    private readonly Queue<byte[]> _frames = new();
    private bool _isWorking;

    private ServerSession(SimulatedSocket socket, EndpointTable endpoints, string listenerName)
    {
        _socket = socket;
        _session = new InMemorySession(endpoints, $"/10.0.0.{socket.To & 255}", listenerName, _closed.Token);
    }

    /// <summary>Serves the connection until either side ends it.</summary>
    public static void Begin(SimulatedSocket socket, EndpointTable endpoints, string listenerName)
    {
        var session = new ServerSession(socket, endpoints, listenerName);
        socket.Begin(session.Receive, session.End);
    }

    private void Receive(byte[] frame)
    {
        _frames.Enqueue(frame);
        if (!_isWorking)
        {
            _isWorking = true;
            _socket.Owner.Start(WorkAsync);
        }
    }

    private async Task WorkAsync()
    {
        try
        {
            while (_frames.TryDequeue(out var frame))
            {
                var answer = await _session.ExecuteAsync(frame.AsMemory(SizeBytes));
                if (answer.CloseReason is not null)
                {
                    break;
                }

                if (answer.Response is { } response)
                {
                    _socket.Send(response);
                }
            }

            _isWorking = _frames.Count > 0;
        }
        catch (Exception e) when (e is Protocol.MalformedMessageException or IOException or OperationCanceledException or ObjectDisposedException)
        {
            _socket.Owner.Note($"a connection from {_socket.To} is closed: {e.Message}");
            _frames.Clear();
            _socket.Close();
            End();
        }
    }

    private void End()
    {
        _frames.Clear();
        if (!_closed.IsCancellationRequested)
        {
            _closed.Cancel();
        }
    }
}
