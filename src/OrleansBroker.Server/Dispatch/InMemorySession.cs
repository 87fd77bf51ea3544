using OrleansBroker.Server.Network;

namespace OrleansBroker.Server.Dispatch;

/// <summary>
/// A connection whose transport is somebody else's: a frame's bytes come in, its response's bytes go out, with the records that
/// a socket would get by <c>sendfile</c> copied into them. One request at a time.
/// </summary>
internal sealed class InMemorySession(EndpointTable endpoints, string clientAddress, string listenerName, CancellationToken closed) : IDisposable
{
    private readonly RequestProcessor _processor = new(endpoints, clientAddress, listenerName, closed, closed);

    /// <param name="frame">The request from behind its size on, in writable memory: batches are stamped in place. Valid until this completes.</param>
    /// <exception cref="OrleansBroker.Protocol.MalformedMessageException">The connection is to be closed.</exception>
    /// <exception cref="OperationCanceledException">The connection was closed while the request waited.</exception>
    public async ValueTask<SessionAnswer> ExecuteAsync(ReadOnlyMemory<byte> frame)
    {
        var response = new ResponseFrame();
        try
        {
            await _processor.ExecuteAsync(frame, response);
            return _processor.Context.CloseReason is { } reason
                ? new SessionAnswer(null, reason)
                : new SessionAnswer(response.IsEmpty ? null : response.ToArray(), null);
        }
        finally
        {
            response.Release();
            _processor.Context.NotifyAppended();
        }
    }

    public void Dispose() => _processor.Dispose();
}
