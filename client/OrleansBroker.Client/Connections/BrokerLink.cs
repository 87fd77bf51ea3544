using OrleansBroker.Protocol;

namespace OrleansBroker.Client.Connections;

/// <summary>
/// The way to one broker: its connection, made when somebody first needs it and again after it broke. However many ask at
/// once, the broker is dialled once, and after a failure not before a pause that grows with each further one.
/// </summary>
internal sealed class BrokerLink(BrokerEndpoint endpoint, ClientOptions options) : IDisposable
{
    private readonly Backoff _backoff = new(options.ReconnectBackoff, options.ReconnectBackoffMax);
    private readonly CancellationTokenSource _disposing = new();
    private readonly Lock _gate = new();
    private BrokerConnection? _connection;
    private Task<BrokerConnection>? _dialling;
    private int _failures;
    private long _notBeforeMs;
    private bool _isDisposed;

    public BrokerEndpoint Endpoint => endpoint;

    public bool IsOpen => Volatile.Read(ref _connection) is { IsOpen: true };

    /// <summary>Requests that wait for their responses: a broker that hangs has more of them than others.</summary>
    public int InFlight => Volatile.Read(ref _connection)?.InFlight ?? 0;

    /// <summary>How long it is until the broker may be dialled again; none where it is connected.</summary>
    public TimeSpan Pause => IsOpen ? TimeSpan.Zero : TimeSpan.FromMilliseconds(Math.Max(Volatile.Read(ref _notBeforeMs) - options.Clock.MonotonicMs(), 0));

    /// <summary>The open connection, once there is one.</summary>
    /// <exception cref="KafkaException">NetworkException: the broker was dialled in vain.</exception>
    public ValueTask<BrokerConnection> ConnectAsync(CancellationToken cancellation)
    {
        if (Volatile.Read(ref _connection) is { IsOpen: true } open)
        {
            return new ValueTask<BrokerConnection>(open);
        }

        Task<BrokerConnection> dialling;
        lock (_gate)
        {
            if (_isDisposed)
            {
                throw Closed();
            }

            if (_connection is { IsOpen: true } opened)
            {
                return new ValueTask<BrokerConnection>(opened);
            }

            // One that has ended has left its connection, which has failed since, or its failure, which was told to those who waited.
            dialling = _dialling = _dialling is { IsCompleted: false } ? _dialling : DialAsync();
        }

        return new ValueTask<BrokerConnection>(dialling.WaitAsync(cancellation));
    }

    public void Dispose()
    {
        lock (_gate)
        {
            if (_isDisposed)
            {
                return;
            }

            _isDisposed = true;
        }

        _disposing.Cancel();
        _connection?.Dispose();
    }

    private async Task<BrokerConnection> DialAsync()
    {
        // Never under the caller's lock, nor on its time.
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        var pause = TimeSpan.FromMilliseconds(Math.Max(Volatile.Read(ref _notBeforeMs) - options.Clock.MonotonicMs(), 0));
        try
        {
            await Task.Delay(pause, options.Clock, _disposing.Token).ConfigureAwait(false);
            var connection = await BrokerConnection.OpenAsync(endpoint, options, _disposing.Token).ConfigureAwait(false);
            lock (_gate)
            {
                if (_isDisposed)
                {
                    connection.Dispose();
                    throw Closed();
                }

                _failures = 0;
                _connection = connection;
            }

            connection.OnClosed(NoteFailure);
            return connection;
        }
        catch (OperationCanceledException)
        {
            throw Closed();
        }
        catch (KafkaException)
        {
            NoteFailure();
            throw;
        }
    }

    private KafkaException Closed() => new(ErrorCode.NetworkException, $"{endpoint}: the client closed the connection");

    private void NoteFailure()
    {
        lock (_gate)
        {
            _failures++;
            Volatile.Write(ref _notBeforeMs, options.Clock.MonotonicMs() + (long)_backoff.After(_failures).TotalMilliseconds);
        }
    }
}
