using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using OrleansBroker.Protocol;
using OrleansBroker.Server.Dispatch;
using OrleansBroker.Server.Handlers;

namespace OrleansBroker.Server.Network;

/// <summary>
/// One client's connection: reads a request, has it handled, writes the response, and only then looks at the next, so that
/// answers are in order however much the client pipelines. What arrives meanwhile stays in the kernel.
/// </summary>
/// <remarks>
/// Completions run on the thread that polls the sockets, so a loop that never has to wait would keep that thread from every
/// other connection: after <see cref="TurnMsMax"/> of it the loop goes on from the thread pool.
/// </remarks>
internal sealed class Connection : IAsyncDisposable
{
    private const long TurnMsMax = 4;

    /// <summary>A request that waits for longer is looked after: its client may be gone. Most long polls are shorter.</summary>
    private const long WaitUnseenMsMax = 2_000;

    private readonly Listener _listener;
    private readonly Socket _socket;
    private readonly FrameReader _frames;
    private readonly ResponseFrame _response = new();
    private readonly ResponseSender _sender;

    // Never disposed: the listener may still cancel it when the connection has just ended, and it holds nothing.
    private readonly CancellationTokenSource _closed = new();
    private readonly CancellationTokenSource _stopping;
    private readonly RequestProcessor _requests;
    private readonly string _peer;
    private long _receivedMs = Environment.TickCount64;
    private long _turnMs;
    private long _reserved;
    private long _answeredBytes;
    private volatile Phase _phase;

    public Connection(Listener listener, Socket socket)
    {
        _listener = listener;
        _socket = socket;
        _frames = new FrameReader(listener.Options.RequestBytesMax);
        _sender = new ResponseSender(socket);
        var address = (socket.RemoteEndPoint as IPEndPoint)?.Address ?? IPAddress.None;
        Address = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        _peer = socket.RemoteEndPoint?.ToString() ?? string.Empty;
        _stopping = CancellationTokenSource.CreateLinkedTokenSource(_closed.Token);
        _requests = new RequestProcessor(listener.Endpoints, "/" + Address, listener.Options.Name, _closed.Token, _stopping.Token);
    }

    private enum Phase
    {
        Receiving,
        Handling,
        Sending,
    }

    public IPAddress Address { get; }

    /// <summary>A request is being handled or answered.</summary>
    public bool IsBusy => _phase != Phase.Receiving;

    private RequestContext Context => _requests.Context;

    /// <summary>Serves the connection until either side closes it. Never throws.</summary>
    public async Task RunAsync()
    {
        try
        {
            await ServeAsync();
        }
        catch (MalformedMessageException e)
        {
            _listener.Log.Malformed(_peer, Context.ApiKey, Context.ApiVersion, e.Message);
        }
        catch (Exception e) when (e is SocketException or IOException or ObjectDisposedException or OperationCanceledException)
        {
            _listener.Log.Disconnected(_peer, e.Message);
        }
        catch (Exception e)
        {
            _listener.Log.HandlerFailed(e, _peer, Context.ApiKey, Context.ApiVersion, Context.CorrelationId, Printable(Context.ClientId), _requests.Print());
        }
        finally
        {
            await DisposeAsync();
        }
    }

    /// <summary>
    /// The listener stops: long waits end, what has arrived of whole requests is handled and answered, and nothing more is read. The
    /// connection ends when that is done.
    /// </summary>
    public async Task StopAsync()
    {
        await _stopping.CancelAsync();
        try
        {
            // A pending receive ends; what lies in the kernel already is still received.
            _socket.Shutdown(SocketShutdown.Receive);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The client was faster.
        }
    }

    /// <summary>Ends the connection from outside: whatever it waits for fails, and nothing more is answered.</summary>
    public void Abort()
    {
        _socket.Dispose();
        _ = _closed.CancelAsync();
    }

    /// <summary>Ends the connection if its peer has done nothing for longer than the limits allow, and a wait whose client is gone.</summary>
    public void AbortIfIdle(long nowMs)
    {
        var options = _listener.Options;
        var idleMsMax = options.ConnectionIdleMsMax > 0 ? options.ConnectionIdleMsMax : long.MaxValue;
        var idleMs = nowMs - Volatile.Read(ref _receivedMs);
        var unreadMs = nowMs - _sender.ActivityMs;
        var phase = _phase;
        if (phase == Phase.Receiving && _frames.IsInsideFrame && idleMs > options.RequestStallMsMax)
        {
            _listener.Log.Stalled(_peer, idleMs);
            Abort();
        }
        else if (phase == Phase.Receiving && idleMs > idleMsMax)
        {
            _listener.Log.Idle(_peer, idleMs);
            Abort();
        }
        else if (phase == Phase.Sending && unreadMs > idleMsMax)
        {
            _listener.Log.NotReading(_peer, unreadMs);
            Abort();
        }
        else if (phase == Phase.Handling && idleMs > WaitUnseenMsMax && IsPeerGone())
        {
            _listener.Log.Disconnected(_peer, "while its request was waiting");
            _ = _closed.CancelAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        _socket.Dispose();
        ReleaseFrame();
        _response.Release();
        await _closed.CancelAsync();
        _requests.Dispose();
        _listener.Remove(this);
    }

    /// <summary>Whether the peer has closed its side and nothing of it is left to be read.</summary>
    private bool IsPeerGone()
    {
        try
        {
            return _socket.Poll(0, SelectMode.SelectRead) && _socket.Available == 0;
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            return true;
        }
    }

    private async Task ServeAsync()
    {
        _turnMs = Environment.TickCount64;
        while (true)
        {
            ReadOnlyMemory<byte> frame;
            while (!_frames.TryTake(out frame))
            {
                if (_reserved == 0 && _frames.LargeSize > _listener.Options.UncountedRequestBytesMax)
                {
                    await ReserveAsync();
                }

                var receiving = _socket.ReceiveAsync(_frames.Space(), SocketFlags.None);
                var waits = !receiving.IsCompleted;
                var received = await receiving;
                var nowMs = Environment.TickCount64;
                Volatile.Write(ref _receivedMs, nowMs);
                _turnMs = waits ? nowMs : _turnMs;
                if (received == 0)
                {
                    if (_frames.IsInsideFrame)
                    {
                        _listener.Log.Truncated(_peer);
                    }

                    return;
                }

                _frames.Received(received);
            }

            _phase = Phase.Handling;
            var executing = _listener.Requests is { IsWatched: true } meter ? MeasureAsync(frame, meter) : ExecuteAsync(frame);
            var isLong = !executing.IsCompleted;
            if (!await executing)
            {
                return;
            }

            ReleaseFrame();
            Volatile.Write(ref _receivedMs, Environment.TickCount64);
            _phase = Phase.Receiving;
            await EndTurnAsync(isLong);
        }
    }

    /// <summary>As <see cref="ExecuteAsync"/>, for those who watch.</summary>
    private async ValueTask<bool> MeasureAsync(ReadOnlyMemory<byte> frame, RequestMeter meter)
    {
        using var span = RequestMeter.Trace(frame.Span);
        var began = RequestMeter.Begin();
        Context.CountsErrors = true;
        _answeredBytes = 0;
        try
        {
            return await ExecuteAsync(frame);
        }
        finally
        {
            meter.End(Context, span, began, frame.Length, _answeredBytes);
            Context.CountsErrors = false;
        }
    }

    /// <summary>False where the connection is to be closed.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<bool> ExecuteAsync(ReadOnlyMemory<byte> frame)
    {
        try
        {
            await GoOnAsync();
            await _requests.ExecuteAsync(frame, _response);
            await GoOnAsync();
            if (Context.CloseReason is { } reason)
            {
                _listener.Log.Refused(_peer, Context.ApiKey, Context.ApiVersion, Printable(Context.ClientId), reason);
                return false;
            }

            if (!_response.IsEmpty)
            {
                _phase = Phase.Sending;
                _answeredBytes = Context.CountsErrors ? _response.Size : 0;
                var sending = _sender.SendAsync(_response);
                if (!sending.IsCompleted)
                {
                    // Nobody else waits for a client that is slow to take its answer.
                    Context.NotifyAppended();
                }

                await sending;
                _response.Release();
            }
        }
        finally
        {
            Context.NotifyAppended();
        }

        return true;
    }

    /// <summary>Waits until the large request that is arriving fits in with those of the other connections.</summary>
    private async Task ReserveAsync()
    {
        var bytes = _frames.LargeSize;
        _phase = Phase.Handling;
        await _listener.Budget.ReserveAsync(bytes);
        _reserved = bytes;
        Volatile.Write(ref _receivedMs, Environment.TickCount64);
        _phase = Phase.Receiving;
    }

    private void ReleaseFrame()
    {
        _frames.Release();
        if (_reserved > 0)
        {
            _listener.Budget.Release(_reserved);
            _reserved = 0;
        }
    }

    /// <summary>Waits while the listener is paused, which costs a look at the time where it is not.</summary>
    private Task GoOnAsync() => _listener.Paused is { } paused ? GoOnAfterAsync(paused) : Task.CompletedTask;

    private async Task GoOnAfterAsync(Task? paused)
    {
        for (; paused is not null; paused = _listener.Paused)
        {
            await paused.WaitAsync(_closed.Token);
        }
    }

    /// <summary>Leaves the polling thread to other connections if this one has kept it for long.</summary>
    private async ValueTask EndTurnAsync(bool isNew)
    {
        var nowMs = Environment.TickCount64;
        if (isNew)
        {
            _turnMs = nowMs;
        }
        else if (nowMs - _turnMs > TurnMsMax)
        {
            await Task.Yield();
            _turnMs = Environment.TickCount64;
        }
    }

    /// <summary>What a client calls itself, without what could begin a line of its own in the log.</summary>
    private static string Printable(string text) =>
        text.Any(char.IsControl) ? string.Concat(text.Select(character => char.IsControl(character) ? '?' : character)) : text;
}
