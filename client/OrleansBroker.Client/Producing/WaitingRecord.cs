using OrleansBroker.Protocol.Records;

namespace OrleansBroker.Client.Producing;

/// <summary>A record that waits for room, or for its topic's metadata, behind those of its topic that were produced before it.</summary>
internal sealed class WaitingRecord
{
    private const int Waits = 0;
    private const int Taken = 1;
    private const int Cancelled = 2;

    private readonly byte[]? _key;
    private readonly byte[]? _value;
    private readonly ReadOnlyMemory<RecordHeader> _headers;
    private readonly long _timestampMs;
    private CancellationTokenRegistration _registration;
    private int _state;

    public WaitingRecord(in RecordToAppend record, long nowMs, long deadlineMs, FlushPhase phase, TaskCompletionSource? accepted)
    {
        _key = record.Key.HasValue ? record.Key.Span.ToArray() : null;
        _value = record.Value.HasValue ? record.Value.Span.ToArray() : null;
        _headers = record.Headers;
        _timestampMs = record.TimestampMs;
        Partition = record.Partition;
        SizeBytes = record.SizeBytes;
        Completion = record.Completion;
        CameMs = nowMs;
        DeadlineMs = deadlineMs;
        Phase = phase;
        Accepted = accepted;
    }

    public int Partition { get; }

    public int SizeBytes { get; }

    public object Completion { get; }

    /// <summary>Told when the record is in a batch; null where the caller waits for its delivery only.</summary>
    public TaskCompletionSource? Accepted { get; }

    public long CameMs { get; }

    /// <summary>When it has waited for <c>max.block.ms</c>.</summary>
    public long DeadlineMs { get; }

    public FlushPhase Phase { get; }

    public bool IsCancelled => Volatile.Read(ref _state) == Cancelled;

    public RecordToAppend Record => new()
    {
        Key = _key,
        Value = _value,
        Headers = _headers,
        TimestampMs = _timestampMs,
        Partition = Partition,
        SizeBytes = SizeBytes,
        Completion = Completion,
    };

    /// <summary>Has the record given up, and its caller told, when the token is cancelled before it is taken.</summary>
    public void CancelBy(CancellationToken cancellation) =>
        _registration = cancellation.UnsafeRegister(static (self, token) => ((WaitingRecord)self!).Cancel(token), this);

    /// <summary>Takes it out of the caller's hands.</summary>
    /// <returns>False where it was cancelled before.</returns>
    public bool TryTake()
    {
        var isTaken = Interlocked.CompareExchange(ref _state, Taken, Waits) == Waits;
        _registration.Unregister();
        return isTaken;
    }

    /// <summary>Tells the caller that the record, which was taken, goes nowhere.</summary>
    public void Fail(Exception error)
    {
        if (Accepted is not null)
        {
            Accepted.TrySetException(error);
        }
        else
        {
            ((DeliverySource)Completion).Fail(error);
        }
    }

    private void Cancel(CancellationToken token)
    {
        if (Interlocked.CompareExchange(ref _state, Cancelled, Waits) != Waits)
        {
            return;
        }

        if (Accepted is not null)
        {
            Accepted.TrySetCanceled(token);
        }
        else
        {
            ((DeliverySource)Completion).Fail(new OperationCanceledException(token));
        }
    }
}
