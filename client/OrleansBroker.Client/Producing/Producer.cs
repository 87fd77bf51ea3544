using OrleansBroker.Client.Connections;
using OrleansBroker.Client.Metadata;
using OrleansBroker.Client.Producing;
using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Records;

namespace OrleansBroker.Client;

/// <summary>
/// Writes records to topics. Records are gathered in batches and sent in the background, several requests at once, in order and,
/// with idempotence, which is the default, exactly once each however often the network has them sent. Every record has an end:
/// it is delivered, or its caller is told why not. Safe for use by any number of threads; one producer serves an application.
/// </summary>
/// <example>
/// <code>
/// await using var client = new KafkaClient(new ClientOptions { BootstrapServers = "localhost:9092" });
/// await using var producer = client.CreateProducer&lt;string, string&gt;();
/// var delivered = await producer.ProduceAsync("orders", new() { Key = "42", Value = "two of them" });
/// </code>
/// </example>
public sealed class Producer<TKey, TValue> : IAsyncDisposable
{
    private readonly ISerializer<TKey> _keys;
    private readonly ISerializer<TValue> _values;
    private readonly ProducerOptions _options;
    private readonly TimeProvider _clock;
    private readonly long _blockMaxMs;
    private readonly DeliverySourcePool _sources = new();
    private readonly WakeSignal _wake;
    private readonly RecordAccumulator _accumulator;
    private readonly Sender _sender;
    private readonly Task _sending;
    private int _isDisposed;

    internal Producer(Cluster cluster, ProducerOptions options, ISerializer<TKey>? keys, ISerializer<TValue>? values)
    {
        options.Validate();
        _options = options;
        _keys = keys ?? Serializers.For<TKey>();
        _values = values ?? Serializers.For<TValue>();
        _clock = cluster.Options.Clock;
        _blockMaxMs = (long)options.MaxBlock.TotalMilliseconds;
        var log = cluster.Options.Loggers.CreateLogger("OrleansBroker.Client.Producer");
        var batches = new BatchPool(options, log);
        _wake = new WakeSignal(_clock);
        _accumulator = new RecordAccumulator(options, _clock, batches, _wake);
        _sender = new Sender(cluster, options, _accumulator, batches, _wake, log);
        _sending = Task.Run(_sender.RunAsync);
    }

    /// <summary>Writes a record to a partition that its key chooses.</summary>
    /// <returns>Completes when the record is delivered as <see cref="ProducerOptions.Acks"/> asks. To be awaited once, as any <see cref="ValueTask"/>.</returns>
    /// <inheritdoc cref="ProduceAsync(TopicPartition, Message{TKey, TValue}, CancellationToken)"/>
    public ValueTask<DeliveryResult> ProduceAsync(string topic, Message<TKey, TValue> message, CancellationToken cancellation = default) =>
        ProduceAsync(new TopicPartition(topic, IPartitioner.Any), message, cancellation);

    /// <summary>Writes a record to a partition. Records of one caller are in their partition in the order of its calls.</summary>
    /// <param name="cancellation">Counts as long as the record waits for room or metadata. One that is in a batch cannot be called back.</param>
    /// <exception cref="ProduceException">The record was not delivered, or nobody can say whether it was.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The partition is below 0, or the partitioner chose one that there is not.</exception>
    /// <exception cref="ObjectDisposedException">The producer takes nothing in any more.</exception>
    public ValueTask<DeliveryResult> ProduceAsync(TopicPartition topicPartition, Message<TKey, TValue> message, CancellationToken cancellation = default)
    {
        cancellation.ThrowIfCancellationRequested();
        var source = _sources.Rent();
        var task = source.Task;
        using var scratch = SerializationScratch.Rent();
        var record = Serialize(topicPartition, message, source, scratch);
        var topic = _accumulator.Topic(topicPartition.Topic);
        if (!topic.TryAppend(record))
        {
            topic.Wait(record, _clock.MonotonicMs(), _blockMaxMs, accepted: null, cancellation);
        }

        return task;
    }

    /// <summary>
    /// Takes a record in, for callers that keep many on their way: completes as soon as the record is in a batch, which it is at
    /// once while there is room in the buffer.
    /// </summary>
    /// <param name="handler">Called once for each record that was taken in, with where it went or why it did not. It is to be quick: nothing else is sent meanwhile.</param>
    /// <inheritdoc cref="ProduceAsync(TopicPartition, Message{TKey, TValue}, CancellationToken)"/>
    public ValueTask EnqueueAsync(TopicPartition topicPartition, Message<TKey, TValue> message, Action<DeliveryReport> handler, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(handler);
        cancellation.ThrowIfCancellationRequested();
        using var scratch = SerializationScratch.Rent();
        var record = Serialize(topicPartition, message, handler, scratch);
        var topic = _accumulator.Topic(topicPartition.Topic);
        if (topic.TryAppend(record))
        {
            return ValueTask.CompletedTask;
        }

        var accepted = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        topic.Wait(record, _clock.MonotonicMs(), _blockMaxMs, accepted, cancellation);
        return new ValueTask(accepted.Task);
    }

    /// <inheritdoc cref="EnqueueAsync(TopicPartition, Message{TKey, TValue}, Action{DeliveryReport}, CancellationToken)"/>
    public ValueTask EnqueueAsync(string topic, Message<TKey, TValue> message, Action<DeliveryReport> handler, CancellationToken cancellation = default) =>
        EnqueueAsync(new TopicPartition(topic, IPartitioner.Any), message, handler, cancellation);

    /// <summary>Sends what there is without waiting for more, and completes when all that was produced before is delivered or its callers were told why not.</summary>
    public Task FlushAsync(CancellationToken cancellation = default) => _accumulator.FlushAsync(isLast: false, cancellation);

    /// <summary>Takes nothing in any more and flushes, which <see cref="ProducerOptions.DeliveryTimeout"/> limits.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) == 0)
        {
            await _accumulator.FlushAsync(isLast: true, CancellationToken.None).ConfigureAwait(false);
            _sender.Stop();
            await _sending.ConfigureAwait(false);
            _sender.Dispose();
            _wake.Dispose();
        }
    }

    private RecordToAppend Serialize(TopicPartition at, in Message<TKey, TValue> message, object completion, SerializationScratch scratch)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(at.Partition, IPartitioner.Any);
        ObjectDisposedException.ThrowIf(Volatile.Read(ref _isDisposed) != 0, this);
        if (_sender.Fatal is { } fatal)
        {
            throw new ProduceException(fatal.Error, fatal.Message, at, PersistenceStatus.NotPersisted, fatal);
        }

        var key = Write(_keys, message.Key, MessageComponentType.Key, at.Topic, scratch.Key);
        var value = Write(_values, message.Value, MessageComponentType.Value, at.Topic, scratch.Value);
        var sizeBytes = RecordAccumulator.SizeOf(key.Span.Length, value.Span.Length, message.Headers.Span);
        if (sizeBytes > Math.Min(_options.MaxRequestSize - RecordBatchFormat.HeaderBytes, _options.BufferMemory))
        {
            throw new ProduceException(ErrorCode.MessageTooLarge, $"a record of about {sizeBytes} bytes; max.request.size and buffer.memory allow less", at, PersistenceStatus.NotPersisted);
        }

        return new RecordToAppend
        {
            Key = key,
            Value = value,
            Headers = message.Headers,
            TimestampMs = (message.Timestamp ?? _clock.GetUtcNow()).ToUnixTimeMilliseconds(),
            Partition = at.Partition,
            SizeBytes = sizeBytes,
            Completion = completion,
        };
    }

    private static NullableBytes Write<T>(ISerializer<T> serializer, T? data, MessageComponentType component, string topic, PooledBuffer scratch)
    {
        if (data is null)
        {
            return NullableBytes.Null;
        }

        scratch.Clear();
        serializer.Serialize(data, new SerializationContext(component, topic), scratch);
        return scratch.Span;
    }
}
