using System.Threading.Tasks.Sources;

namespace OrleansBroker.Client.Producing;

/// <summary>
/// What <c>ProduceAsync</c> hands out: a task source that goes back to its pool once it was awaited, so that a record costs no
/// allocation. Whoever awaits goes on from the thread pool, never on the thread that completes deliveries.
/// </summary>
internal sealed class DeliverySource(DeliverySourcePool pool) : IValueTaskSource<DeliveryResult>, IThreadPoolWorkItem
{
    private const int Pending = 0;
    private const int Awaited = 1;
    private const int Completed = 2;

    private ManualResetValueTaskSourceCore<DeliveryResult> _core;
    private DeliveryResult _result;
    private Exception? _error;
    private int _state;

    public ValueTask<DeliveryResult> Task => new(this, _core.Version);

    /// <summary>Once for each record, by this or by <see cref="Fail"/>.</summary>
    public void Succeed(in DeliveryResult result)
    {
        _result = result;
        Complete();
    }

    /// <inheritdoc cref="Succeed"/>
    public void Fail(Exception error)
    {
        _error = error;
        Complete();
    }

    void IThreadPoolWorkItem.Execute() => Publish();

    DeliveryResult IValueTaskSource<DeliveryResult>.GetResult(short token)
    {
        // Of an earlier use, or too early: this throws, and takes nothing from the one who uses it now.
        if (_core.GetStatus(token) == ValueTaskSourceStatus.Pending)
        {
            throw new InvalidOperationException("the record is not delivered yet: its ValueTask is to be awaited");
        }

        try
        {
            return _core.GetResult(token);
        }
        finally
        {
            _core.Reset();
            _result = default;
            _error = null;
            _state = Pending;
            pool.Return(this);
        }
    }

    ValueTaskSourceStatus IValueTaskSource<DeliveryResult>.GetStatus(short token) => _core.GetStatus(token);

    void IValueTaskSource<DeliveryResult>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags)
    {
        if (Interlocked.CompareExchange(ref _state, Awaited, Pending) == Completed)
        {
            // The one who completes it publishes now, and must not find the continuation there, or it would run it.
            var spin = default(SpinWait);
            while (_core.GetStatus(token) == ValueTaskSourceStatus.Pending)
            {
                spin.SpinOnce();
            }
        }

        _core.OnCompleted(continuation, state, token, flags);
    }

    private void Complete()
    {
        if (Interlocked.Exchange(ref _state, Completed) == Awaited)
        {
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }
        else
        {
            Publish();
        }
    }

    private void Publish()
    {
        if (_error is { } error)
        {
            _core.SetException(error);
        }
        else
        {
            _core.SetResult(_result);
        }
    }
}
