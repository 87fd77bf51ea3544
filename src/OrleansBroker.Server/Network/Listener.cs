using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using OrleansBroker.Core;
using OrleansBroker.Server.Dispatch;

namespace OrleansBroker.Server.Network;

/// <summary>
/// Accepts Kafka clients on one address and serves them. Socket completions should run inline, on the threads that poll: the
/// host sets the environment variable <c>DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS=1</c> before its first socket.
/// </summary>
public sealed class Listener : IAsyncDisposable
{
    private const int AcceptRetryMs = 100;

    private readonly Socket _socket;
    private readonly ConcurrentDictionary<Connection, bool> _connections = new();
    private readonly ConcurrentDictionary<IPAddress, int> _perAddress = new();
    private readonly SemaphoreSlim _room;
    private readonly IAnswerGate? _gate;
    private volatile TaskCompletionSource? _paused;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Timer _reaper;
    private Task _accepting = Task.CompletedTask;

    private Listener(Socket socket, ListenerOptions options, BrokerServices broker, ILogger log, IAnswerGate? gate, Meter? meter)
    {
        Requests = meter is null ? null : new RequestMeter(meter);
        _socket = socket;
        _gate = gate;
        Options = options;
        Log = log;
        Budget = new RequestBudget(options.QueuedRequestBytesMax);
        Endpoints = EndpointTable.Bind(broker, options);
        _room = new SemaphoreSlim(options.ConnectionsMax);
        LocalEndpoint = (IPEndPoint)socket.LocalEndPoint!;
        var idleMs = options.ConnectionIdleMsMax > 0 ? options.ConnectionIdleMsMax : long.MaxValue;
        var periodMs = Math.Clamp(Math.Min(idleMs, options.RequestStallMsMax) / 4, 20, 1_000);
        _reaper = new Timer(static listener => ((Listener)listener!).AbortIdle(), this, periodMs, periodMs);
    }

    /// <summary>Where it listens, with the port that was taken if 0 was asked for.</summary>
    public IPEndPoint LocalEndpoint { get; }

    public int ConnectionCount => _connections.Count;

    /// <summary>Requests that are being handled or answered, those that wait for records or for other members among them.</summary>
    public int RequestsInFlight => _connections.Keys.Count(connection => connection.IsBusy);

    /// <summary>Bytes of large requests that are in memory.</summary>
    public long RequestBytesInFlight => Budget.Used;

    internal ListenerOptions Options { get; }

    internal ILogger Log { get; }

    internal RequestBudget Budget { get; }

    /// <summary>Null where nothing is measured.</summary>
    internal RequestMeter? Requests { get; }

    /// <summary>What is waited for before anything is handled or answered; null while the listener is not paused and its gate is open.</summary>
    internal Task? Paused => _paused?.Task ?? _gate?.Closed;

    internal EndpointTable Endpoints { get; }

    /// <summary>Binds and begins to accept at once.</summary>
    /// <exception cref="SocketException">The address cannot be listened on.</exception>
    public static Listener Start(ListenerOptions options, BrokerServices broker, ILogger log)
    {
        var listener = On(Bind(options), options, broker, log);
        listener.Accept();
        return listener;
    }

    /// <summary>Takes the address: from here on clients that connect wait for <see cref="Accept"/>.</summary>
    /// <exception cref="SocketException">The address cannot be listened on.</exception>
    public static Socket Bind(ListenerOptions options)
    {
        var socket = new Socket(options.Endpoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            if (options.Endpoint.Address.Equals(IPAddress.IPv6Any))
            {
                socket.DualMode = true;
            }

            // An accepted socket has the listener's buffer sizes from its first packet on.
            SetBuffers(socket, options);
            socket.Bind(options.Endpoint);
            socket.Listen(options.ListenBacklog);
        }
        catch
        {
            socket.Dispose();
            throw;
        }

        return socket;
    }

    /// <summary>A listener on an address that was taken with <see cref="Bind"/>.</summary>
    /// <param name="gate">Null where the broker always knows what it is.</param>
    /// <param name="meter">What requests are measured with; null where they are not.</param>
    public static Listener On(Socket socket, ListenerOptions options, BrokerServices broker, ILogger log, IAnswerGate? gate = null, Meter? meter = null)
    {
        log.Listening(socket.LocalEndPoint!.ToString()!);
        return new Listener(socket, options, broker, log, gate, meter);
    }

    /// <summary>Begins to accept. Called once.</summary>
    public void Accept() => _accepting = AcceptAsync();

    /// <summary>
    /// Accepts nothing more, ends what waits for long (long polls, joins), and lets every connection answer what it was asked, within
    /// <see cref="ListenerOptions.StopGraceMs"/>, before it is closed.
    /// </summary>
    public async Task StopAsync()
    {
        if (await TryStopAcceptingAsync())
        {
            await Task.WhenAll(_connections.Keys.Select(connection => connection.StopAsync()));
            await WaitAsync(() => _connections.IsEmpty);
            await AbortConnectionsAsync();
        }
    }

    /// <summary>Ends as a killed process does: every connection is gone at once, and nothing more is answered.</summary>
    public async Task AbortAsync()
    {
        Pause();
        if (await TryStopAcceptingAsync())
        {
            await AbortConnectionsAsync();
        }
    }

    /// <summary>Requests are taken, but neither handled nor answered, until <see cref="Resume"/>: as if the process had been stopped.</summary>
    public void Pause() => _paused ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Resume() => Interlocked.Exchange(ref _paused, null)?.SetResult();

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _stopping.Dispose();
    }

    internal void Remove(Connection connection)
    {
        if (_connections.TryRemove(connection, out _))
        {
            _perAddress.AddOrUpdate(connection.Address, 0, static (_, count) => count - 1);
            _perAddress.TryRemove(new KeyValuePair<IPAddress, int>(connection.Address, 0));
            _room.Release();
        }
    }

    /// <summary>From here on there are no more connections than there are now. False where that was so already.</summary>
    private async Task<bool> TryStopAcceptingAsync()
    {
        if (_stopping.IsCancellationRequested)
        {
            return false;
        }

        await _stopping.CancelAsync();
        _socket.Dispose();
        await _accepting;
        await _reaper.DisposeAsync();
        return true;
    }

    private async Task AbortConnectionsAsync()
    {
        foreach (var (connection, _) in _connections)
        {
            connection.Abort();
        }

        // What a pause held up finds its connection closed.
        Resume();

        // The logs may be closed once this returns: nobody is to be in the middle of a read then.
        await WaitAsync(() => _connections.IsEmpty);
    }

    /// <summary>Waits for connections to come to an end, for a limited time.</summary>
    private async Task WaitAsync(Func<bool> isDone)
    {
        var deadlineMs = Environment.TickCount64 + Options.StopGraceMs;
        while (!isDone() && Environment.TickCount64 < deadlineMs)
        {
            await Task.Delay(5);
        }
    }

    private async Task AcceptAsync()
    {
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                await _room.WaitAsync(_stopping.Token);
                Begin(await _socket.AcceptAsync(_stopping.Token));
            }
            catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
            {
                return;
            }
            catch (SocketException e)
            {
                _room.Release();
                if (!_stopping.IsCancellationRequested)
                {
                    await PauseAsync(e);
                }
            }
        }
    }

    /// <summary>Out of file handles, as a rule: trying again at once would only burn the processor.</summary>
    private Task PauseAsync(SocketException problem)
    {
        Log.AcceptFailed(problem.Message);
        return Task.Delay(AcceptRetryMs);
    }

    private void Begin(Socket socket)
    {
        Connection connection;
        try
        {
            socket.NoDelay = true;
            connection = new Connection(this, socket);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The client was gone before it was looked at.
            socket.Dispose();
            _room.Release();
            return;
        }

        _connections.TryAdd(connection, true);
        var count = _perAddress.AddOrUpdate(connection.Address, 1, static (_, count) => count + 1);
        if (count > Options.ConnectionsPerAddressMax)
        {
            Log.TooManyFromAddress(connection.Address.ToString(), count - 1);
            connection.Abort();
            Remove(connection);
            return;
        }

        _ = connection.RunAsync();
    }

    private void AbortIdle()
    {
        var nowMs = Environment.TickCount64;
        foreach (var (connection, _) in _connections)
        {
            connection.AbortIfIdle(nowMs);
        }
    }

    private static void SetBuffers(Socket socket, ListenerOptions options)
    {
        if (options.SendBufferBytes > 0)
        {
            socket.SendBufferSize = options.SendBufferBytes;
        }

        if (options.ReceiveBufferBytes > 0)
        {
            socket.ReceiveBufferSize = options.ReceiveBufferBytes;
        }
    }
}
