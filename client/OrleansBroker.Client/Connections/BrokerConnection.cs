using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Records;
using OrleansBroker.Protocol.Wire;

namespace OrleansBroker.Client.Connections;

/// <summary>
/// One connection to a broker, shared by everyone who has something to ask of it. Requests are sent in the order of the calls
/// and answered in that order; as many as the callers like are on their way at once. No thread belongs to it: the caller's
/// thread writes as much as the socket takes, and whoever the socket wakes reads.
/// </summary>
/// <remarks>
/// A connection fails as a whole: when the socket does, when a response makes no sense, and when one takes longer than its
/// request allows, since everything behind it waits as well. All that wait are then told, with
/// <see cref="ErrorCode.NetworkException"/> or <see cref="ErrorCode.RequestTimedOut"/>; whether the broker did what they asked is unknown.
/// </remarks>
internal sealed partial class BrokerConnection : IDisposable
{
    private readonly Socket _socket;
    private readonly BrokerEndpoint _endpoint;
    private readonly ClientOptions _options;
    private readonly ILogger _log;
    private readonly Lock _gate = new();
    private readonly Queue<PendingResponse> _pending = new();
    private readonly ITimer _deadlines;
    private long _earliestDeadlineMs = long.MaxValue;
    private PooledBuffer _outgoing = new();
    private PooledBuffer _sending = new();
    private bool _isSending;
    private int _correlationId;
    private KafkaException? _failure;
    private Action? _closed;

    private BrokerConnection(Socket socket, BrokerEndpoint endpoint, ApiVersionTable versions, ClientOptions options)
    {
        _socket = socket;
        _endpoint = endpoint;
        _options = options;
        _log = options.Loggers.CreateLogger<BrokerConnection>();
        Versions = versions;
        _deadlines = options.Clock.CreateTimer(static self => ((BrokerConnection)self!).CheckDeadlines(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public ApiVersionTable Versions { get; }

    /// <summary>Requests that wait for their responses.</summary>
    public int InFlight
    {
        get
        {
            lock (_gate)
            {
                return _pending.Count;
            }
        }
    }

    public bool IsOpen => Volatile.Read(ref _failure) is null;

    /// <summary>Connects and exchanges versions.</summary>
    /// <exception cref="KafkaException">NetworkException: nobody listens there, or it takes too long, or what listens is no Kafka broker.</exception>
    public static async Task<BrokerConnection> OpenAsync(BrokerEndpoint endpoint, ClientOptions options, CancellationToken cancellation)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            using var setup = new CancellationTokenSource(options.ConnectionSetupTimeout, options.Clock);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(setup.Token, cancellation);
            await socket.ConnectAsync(endpoint.Host, endpoint.Port, either.Token).ConfigureAwait(false);
            var versions = await VersionExchange.RunAsync(socket, options, either.Token).ConfigureAwait(false);
            var connection = new BrokerConnection(socket, endpoint, versions, options);
            connection.Connected(endpoint);
            _ = connection.ReceiveAsync();
            return connection;
        }
        catch (Exception e) when (e is SocketException or IOException or MalformedMessageException or OperationCanceledException or ArgumentException)
        {
            // An argument is what a broker said of another: a host or a port that cannot be.
            socket.Dispose();
            cancellation.ThrowIfCancellationRequested();
            var reason = e is OperationCanceledException ? $"no connection within {options.ConnectionSetupTimeout}" : e.Message;
            throw new KafkaException(ErrorCode.NetworkException, $"{endpoint}: {reason}", e);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Has <paramref name="closed"/> called once, as soon as the connection has failed; at once, if it has.</summary>
    public void OnClosed(Action closed)
    {
        lock (_gate)
        {
            if (_failure is null)
            {
                _closed += closed;
                return;
            }
        }

        closed();
    }

    /// <summary>Sends a request in the highest version that both sides have.</summary>
    /// <inheritdoc cref="SendAsync{TRequest, TResponse}(TRequest, short, TimeSpan, bool, bool, CancellationToken)"/>
    public async ValueTask<TResponse> SendAsync<TRequest, TResponse>(TRequest request, CancellationToken cancellation, short versionMax = short.MaxValue)
        where TRequest : class, IRequest<TResponse>
        where TResponse : class, IWireStruct, new()
    {
        var version = Versions.Choose(TRequest.Api, versionMax);
        var answer = await SendAsync<TRequest, TResponse>(request, version, _options.RequestTimeout, keepsFrame: false, runsInline: false, cancellation).ConfigureAwait(false);
        return answer.Response;
    }

    /// <summary>Sends a request. It is written before this returns, so that requests are sent in the order of the calls.</summary>
    /// <param name="keepsFrame">Whether the response's bytes are to stay valid until the answer's frame is disposed.</param>
    /// <param name="runsInline">Whether what awaits may run on the thread that reads the connection.</param>
    /// <param name="cancellation">Ends the wait, not the request.</param>
    /// <exception cref="KafkaException">NetworkException or RequestTimedOut: the connection failed. Thrown by the call itself where nothing was sent.</exception>
    public Task<Answer<TResponse>> SendAsync<TRequest, TResponse>(
        TRequest request,
        short version,
        TimeSpan timeout,
        bool keepsFrame,
        bool runsInline,
        CancellationToken cancellation)
        where TRequest : class, IRequest<TResponse>
        where TResponse : class, IWireStruct, new()
    {
        var pending = new PendingResponse<TResponse>(TRequest.Api, version, keepsFrame, runsInline)
        {
            DeadlineMs = _options.Clock.MonotonicMs() + (long)timeout.TotalMilliseconds,
        };
        Write(request, version, pending);
        return cancellation.CanBeCanceled ? WaitAsync(pending, cancellation) : pending.Task;
    }

    /// <summary>Sends a request that is not answered: Produce with acks 0.</summary>
    /// <exception cref="KafkaException">NetworkException: the connection has failed before.</exception>
    public void SendUnanswered<TRequest>(TRequest request, short version)
        where TRequest : class, IRequest => Write(request, version, pending: null);

    /// <summary>Closes the connection. Those who wait for a response are told.</summary>
    public void Dispose() => Fail(new KafkaException(ErrorCode.NetworkException, $"{_endpoint}: the client closed the connection"));

    private static async Task<Answer<TResponse>> WaitAsync<TResponse>(PendingResponse<TResponse> pending, CancellationToken cancellation)
        where TResponse : class, IWireStruct, new()
    {
        using (cancellation.UnsafeRegister(static (waits, token) => ((PendingResponse<TResponse>)waits!).Cancel(token), pending))
        {
            return await pending.Task.ConfigureAwait(false);
        }
    }

    private void Write<TRequest>(TRequest request, short version, PendingResponse? pending)
        where TRequest : class, IRequest
    {
        lock (_gate)
        {
            if (_failure is not null)
            {
                throw new KafkaException(_failure.Error, _failure.Message, _failure);
            }

            // Where this throws, nothing of the request stays behind.
            RequestFraming.Write(request, version, ++_correlationId, _options.ClientId, _outgoing);
            if (pending is not null)
            {
                pending.CorrelationId = _correlationId;
                _pending.Enqueue(pending);
                Watch(pending.DeadlineMs);
            }

            if (_isSending)
            {
                return;
            }

            _isSending = true;
        }

        _ = SendOutgoingAsync();
    }

    /// <summary>Sends what was written, and what is written meanwhile, until there is nothing left.</summary>
    private async Task SendOutgoingAsync()
    {
        try
        {
            while (true)
            {
                lock (_gate)
                {
                    _sending.Clear();
                    if (_failure is not null || _outgoing.Length == 0)
                    {
                        _isSending = false;
                        return;
                    }

                    (_outgoing, _sending) = (_sending, _outgoing);
                }

                for (var rest = (ReadOnlyMemory<byte>)_sending.Memory; !rest.IsEmpty;)
                {
                    rest = rest[await _socket.SendAsync(rest, SocketFlags.None).ConfigureAwait(false)..];
                }
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            Fail(new KafkaException(ErrorCode.NetworkException, $"{_endpoint}: {e.Message}", e));
        }
    }

    private async Task ReceiveAsync()
    {
        try
        {
            var reader = new ResponseReader(_socket, _options.ResponseBytesMax);
            while (true)
            {
                var (size, correlationId) = await reader.NextAsync().ConfigureAwait(false);
                var pending = Take(correlationId);
                var (bytes, frame) = await reader.ReadAsync(size, pending.KeepsFrame).ConfigureAwait(false);
                Complete(pending, bytes, frame);
            }
        }
        catch (Exception e) when (e is SocketException or IOException or ObjectDisposedException or MalformedMessageException)
        {
            Fail(new KafkaException(ErrorCode.NetworkException, $"{_endpoint}: {e.Message}", e));
        }
    }

    private PendingResponse Take(int correlationId)
    {
        lock (_gate)
        {
            // It stays in the queue until it is complete, to be told when the connection fails meanwhile.
            return _pending.TryPeek(out var pending) && pending.CorrelationId == correlationId
                ? pending
                : throw new MalformedMessageException($"a response to request {correlationId}, which is not the next one");
        }
    }

    private void Complete(PendingResponse pending, ReadOnlyMemory<byte> bytes, ResponseFrame? frame)
    {
        lock (_gate)
        {
            if (_failure is not null)
            {
                frame?.Dispose();
                return;
            }

            _pending.Dequeue();
        }

        try
        {
            pending.Complete(bytes, pending.KeepsFrame ? frame : null);
        }
        catch (MalformedMessageException e)
        {
            pending.Fail(new KafkaException(ErrorCode.NetworkException, $"{_endpoint}: {e.Message}", e));
            throw;
        }
        finally
        {
            if (!pending.KeepsFrame)
            {
                frame?.Dispose();
            }
        }
    }

    /// <summary>Has the timer run by <paramref name="deadlineMs"/>. Under the gate.</summary>
    private void Watch(long deadlineMs)
    {
        if (deadlineMs < _earliestDeadlineMs)
        {
            _earliestDeadlineMs = deadlineMs;
            var left = Math.Max(deadlineMs - _options.Clock.MonotonicMs(), 0) + 1;
            _deadlines.Change(TimeSpan.FromMilliseconds(left), Timeout.InfiniteTimeSpan);
        }
    }

    private void CheckDeadlines()
    {
        lock (_gate)
        {
            _earliestDeadlineMs = long.MaxValue;
            if (_failure is not null || _pending.Count == 0)
            {
                return;
            }

            var earliestMs = _pending.Min(pending => pending.DeadlineMs);
            if (earliestMs > _options.Clock.MonotonicMs())
            {
                Watch(earliestMs);
                return;
            }
        }

        Fail(new KafkaException(ErrorCode.RequestTimedOut, $"{_endpoint}: no response within the request's time limit"));
    }

    private void Fail(KafkaException failure)
    {
        PendingResponse[] waiting;
        Action? closed;
        lock (_gate)
        {
            if (_failure is not null)
            {
                return;
            }

            _failure = failure;
            waiting = [.. _pending];
            _pending.Clear();
            closed = _closed;
        }

        ConnectionClosed(failure.Message);
        _deadlines.Dispose();
        _socket.Dispose();
        closed?.Invoke();
        foreach (var pending in waiting)
        {
            pending.Fail(failure);
        }
    }

    [LoggerMessage(7000, LogLevel.Debug, "connected to {Endpoint}")]
    private partial void Connected(BrokerEndpoint endpoint);

    [LoggerMessage(7001, LogLevel.Debug, "connection closed: {Reason}")]
    private partial void ConnectionClosed(string reason);
}
