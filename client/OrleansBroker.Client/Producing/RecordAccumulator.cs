using System.Collections.Concurrent;
using OrleansBroker.Client.Connections;
using OrleansBroker.Client.Metadata;
using OrleansBroker.Protocol.Records;

namespace OrleansBroker.Client.Producing;

/// <summary>Where the threads that produce meet the one sender: topics, their partitions' batches, and the room that all records share.</summary>
internal sealed class RecordAccumulator
{
    private readonly ConcurrentDictionary<string, TopicQueue> _topics = new();
    private readonly ConcurrentQueue<PartitionQueue> _activated = new();
    private readonly ConcurrentQueue<TopicQueue> _waiting = new();
    private readonly ProducerOptions _options;
    private readonly TimeProvider _clock;
    private readonly BatchPool _batches;
    private readonly WakeSignal _wake;
    private readonly Lock _flushing = new();
    private volatile FlushPhase? _phase = new(Task.CompletedTask);
    private volatile bool _isShortOfRoom;
    private int _flushes;

    public RecordAccumulator(ProducerOptions options, TimeProvider clock, BatchPool batches, WakeSignal wake)
    {
        _options = options;
        _clock = clock;
        _batches = batches;
        _wake = wake;
        Budget = new BufferBudget(options.BufferMemory);
        Partitioner = options.Partitioner ?? Murmur2Partitioner.Instance;
        BatchBytesMax = Math.Min(options.BatchSize, options.MaxRequestSize);
    }

    public BufferBudget Budget { get; }

    public IPartitioner Partitioner { get; }

    public int BatchBytesMax { get; }

    /// <summary>Somebody waits for room; whoever comes later waits as well. Said by the sender.</summary>
    public bool IsShortOfRoom
    {
        get => _isShortOfRoom;
        set => _isShortOfRoom = value;
    }

    /// <summary>Somebody waits for all that was produced: no batch waits for more records.</summary>
    public bool IsFlushing => Volatile.Read(ref _flushes) > 0;

    public TopicQueue Topic(string name) =>
        _topics.TryGetValue(name, out var topic) ? topic : _topics.GetOrAdd(name, static (added, self) => new TopicQueue(self, added), this);

    /// <summary>The sender's: takes note of partitions that topics have got.</summary>
    public void Grow(ClusterView view)
    {
        foreach (var (name, topic) in _topics)
        {
            if (view.Topics.TryGetValue(name, out var known))
            {
                topic.Grow(known);
            }
        }
    }

    /// <summary>The most that the record takes, of a batch and of the buffer.</summary>
    public static int SizeOf(int keyBytes, int valueBytes, ReadOnlySpan<RecordHeader> headers) =>
        RecordBatchBuilder.RecordBytesMax(keyBytes, valueBytes, headers);

    public void Wake() => _wake.Set();

    /// <summary>Has the sender look after the partition from now on.</summary>
    public void Activate(PartitionQueue partition) => _activated.Enqueue(partition);

    public bool TryTakeActivated(out PartitionQueue? partition) => _activated.TryDequeue(out partition);

    /// <summary>Has the sender look after the topic's records that wait.</summary>
    public void NoteWaiting(TopicQueue topic)
    {
        _waiting.Enqueue(topic);
        Wake();
    }

    public bool TryTakeWaiting(out TopicQueue? topic) => _waiting.TryDequeue(out topic);

    public ProducerBatch StartBatch(PartitionQueue partition)
    {
        var nowMs = _clock.MonotonicMs();
        var batch = _batches.Rent();
        batch.Start(partition, nowMs, nowMs + (long)_options.DeliveryTimeout.TotalMilliseconds);
        return batch;
    }

    /// <summary>An entry in the phase that is open.</summary>
    /// <exception cref="ObjectDisposedException">The producer takes nothing in any more.</exception>
    public FlushPhase EnterPhase()
    {
        while (true)
        {
            var phase = _phase ?? throw new ObjectDisposedException(nameof(Producer<,>));
            if (phase.TryEnter())
            {
                return phase;
            }
        }
    }

    /// <summary>Completes when all that was produced before is delivered, or its callers were told why not.</summary>
    /// <param name="isLast">Whether nothing is taken in afterwards.</param>
    public async Task FlushAsync(bool isLast, CancellationToken cancellation)
    {
        FlushPhase closed;
        lock (_flushing)
        {
            closed = _phase ?? throw new ObjectDisposedException(nameof(Producer<,>));
            _phase = isLast ? null : new FlushPhase(closed.Delivered);
        }

        Interlocked.Increment(ref _flushes);
        try
        {
            closed.Leave();
            Wake();
            await closed.Delivered.WaitAsync(cancellation).ConfigureAwait(false);
        }
        finally
        {
            Interlocked.Decrement(ref _flushes);
        }
    }
}
