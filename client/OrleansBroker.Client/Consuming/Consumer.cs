using System.Runtime.CompilerServices;
using OrleansBroker.Client.Consuming;
using OrleansBroker.Client.Metadata;
using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Messages;

namespace OrleansBroker.Client;

/// <summary>
/// Reads records of the partitions that the application assigns, fetching ahead in the background as far as
/// <see cref="ConsumerOptions.PrefetchBytesMax"/> allows. Records are consumed by one caller at a time; everything else may be
/// called at any time and by any thread. A record counts as consumed once it is handed out.
/// </summary>
/// <example>
/// <code>
/// await using var consumer = client.CreateConsumer&lt;string, string&gt;();
/// consumer.Assign([new TopicPartitionOffset("orders", 0, Offset.Beginning)]);
/// await foreach (var record in consumer.ConsumeAllAsync(cancellation))
/// {
///     Console.WriteLine($"{record.TopicPartitionOffset}: {record.Value}");
/// }
/// </code>
/// </example>
public sealed class Consumer<TKey, TValue> : IAsyncDisposable
{
    private readonly ConsumerOptions _options;
    private readonly RecordDecoder<TKey, TValue> _decoder;
    private readonly FetchBuffer _buffer;
    private readonly Fetcher _fetcher;
    private readonly OffsetLookup _offsets;

    // What was decoded and not handed out yet: all of it is of one part of what was fetched.
    private List<ConsumeResult<TKey, TValue>> _decoded = [];
    private int _next;
    private long _endOffset;
    private FetchedPart? _part;
    private (PartitionFetch Partition, int Version) _source;
    private int _isConsuming;
    private int _isDisposed;

    internal Consumer(Cluster cluster, ConsumerOptions options, IDeserializer<TKey>? keys, IDeserializer<TValue>? values)
    {
        options.Validate();
        _options = options;
        _decoder = new RecordDecoder<TKey, TValue>(keys ?? Deserializers.For<TKey>(), values ?? Deserializers.For<TValue>(), options.CheckCrcs);
        _buffer = new FetchBuffer(options);
        _offsets = new OffsetLookup(cluster);
        _fetcher = new Fetcher(cluster, options, _buffer, cluster.Options.Loggers.CreateLogger("OrleansBroker.Client.Consumer"));
    }

    public IReadOnlyCollection<TopicPartition> Assignment => _buffer.Assignment;

    /// <summary>
    /// Has these partitions read, and no others. One that was assigned before goes on where it is unless an offset is named;
    /// <see cref="Offset"/> has the offsets that stand for a place.
    /// </summary>
    public void Assign(IEnumerable<TopicPartitionOffset> partitions)
    {
        ThrowIfDisposed();
        _buffer.Assign(partitions);
    }

    /// <summary>Has these partitions read, and no others: new ones from where <see cref="ConsumerOptions.AutoOffsetReset"/> says.</summary>
    public void Assign(IEnumerable<TopicPartition> partitions) => Assign(partitions.Select(partition => new TopicPartitionOffset(partition, Offset.Unset)));

    public void Unassign() => Assign(Enumerable.Empty<TopicPartitionOffset>());

    /// <summary>Goes on from another place. Nothing that was fetched before is handed out any more.</summary>
    /// <exception cref="InvalidOperationException">The partition is not assigned.</exception>
    public void Seek(TopicPartitionOffset place) => _buffer.Change(place.TopicPartition, partition => partition.Seek(place.Offset));

    /// <summary>Goes on from the first record that is not older than <paramref name="time"/>, or from the end.</summary>
    /// <inheritdoc cref="OffsetsForTimesAsync"/>
    public async Task SeekAsync(TopicPartition partition, DateTimeOffset time, CancellationToken cancellation = default)
    {
        var found = await OffsetsForTimesAsync(new Dictionary<TopicPartition, DateTimeOffset> { [partition] = time }, cancellation).ConfigureAwait(false);
        Seek(new TopicPartitionOffset(partition, found[partition]));
    }

    /// <summary>Hands out nothing of the partition until it is resumed.</summary>
    /// <inheritdoc cref="Seek"/>
    public void Pause(TopicPartition partition) => _buffer.Change(partition, static paused => paused.Pause(true));

    /// <inheritdoc cref="Seek"/>
    public void Resume(TopicPartition partition) => _buffer.Change(partition, static resumed => resumed.Pause(false));

    /// <summary>The offset after the last record that was handed out; where none was, the place that was assigned or sought.</summary>
    /// <inheritdoc cref="Seek"/>
    public long Position(TopicPartition partition) => _buffer.Read(partition, static read => read.Position);

    /// <summary>For each partition the offset of the first record that is not older than the time, or the end.</summary>
    /// <exception cref="KafkaException">The cluster does not say.</exception>
    public async Task<IReadOnlyDictionary<TopicPartition, long>> OffsetsForTimesAsync(
        IReadOnlyDictionary<TopicPartition, DateTimeOffset> times, CancellationToken cancellation = default) =>
        await _offsets.FindAsync(times.ToDictionary(each => each.Key, each => each.Value.ToUnixTimeMilliseconds()), cancellation).ConfigureAwait(false);

    /// <summary>What can be read of a partition, assigned or not, as the cluster says now.</summary>
    /// <inheritdoc cref="OffsetsForTimesAsync"/>
    public async Task<WatermarkOffsets> QueryWatermarkOffsetsAsync(TopicPartition partition, CancellationToken cancellation = default)
    {
        var low = await _offsets.FindAsync(new Dictionary<TopicPartition, long> { [partition] = ListOffsetsRequest.EarliestTimestamp }, cancellation).ConfigureAwait(false);
        var high = await _offsets.FindAsync(new Dictionary<TopicPartition, long> { [partition] = ListOffsetsRequest.LatestTimestamp }, cancellation).ConfigureAwait(false);
        return new WatermarkOffsets(low[partition], high[partition]);
    }

    /// <summary>The next record, once there is one.</summary>
    /// <exception cref="ConsumeException">A partition cannot be read on.</exception>
    /// <exception cref="InvalidOperationException">Another caller is consuming.</exception>
    /// <exception cref="ObjectDisposedException">The consumer is disposed.</exception>
    public ValueTask<ConsumeResult<TKey, TValue>> ConsumeAsync(CancellationToken cancellation = default)
    {
        Enter();
        try
        {
            if (!cancellation.IsCancellationRequested && TryHandOut(out var record))
            {
                return new ValueTask<ConsumeResult<TKey, TValue>>(record);
            }
        }
        finally
        {
            Leave();
        }

        return WaitAndHandOutAsync(cancellation);
    }

    /// <summary>Record after record, without end. One that breaks off loses nothing: whoever consumes next goes on behind it.</summary>
    /// <inheritdoc cref="ConsumeAsync"/>
    public async IAsyncEnumerable<ConsumeResult<TKey, TValue>> ConsumeAllAsync([EnumeratorCancellation] CancellationToken cancellation = default)
    {
        while (true)
        {
            yield return await ConsumeAsync(cancellation).ConfigureAwait(false);
        }
    }

    /// <summary>The next records, one at least and <see cref="ConsumerOptions.MaxPollRecords"/> at most, all of one partition.</summary>
    /// <inheritdoc cref="ConsumeAsync"/>
    public async ValueTask<IReadOnlyList<ConsumeResult<TKey, TValue>>> ConsumeBatchAsync(CancellationToken cancellation = default)
    {
        while (true)
        {
            cancellation.ThrowIfCancellationRequested();
            Enter();
            try
            {
                if (HasDecoded() && _buffer.TryConsume(_source.Partition, _source.Version, _endOffset))
                {
                    var batch = _next == 0 ? _decoded : _decoded[_next..];
                    _decoded = new List<ConsumeResult<TKey, TValue>>(batch.Count);
                    _next = 0;
                    return batch;
                }
            }
            finally
            {
                Leave();
            }

            await WaitAsync(cancellation).ConfigureAwait(false);
        }
    }

    /// <summary>Ends all reading; a call that waits for records throws <see cref="ObjectDisposedException"/>.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) == 0)
        {
            _buffer.Close();
            await _fetcher.DisposeAsync().ConfigureAwait(false);
        }
    }

    private async ValueTask<ConsumeResult<TKey, TValue>> WaitAndHandOutAsync(CancellationToken cancellation)
    {
        while (true)
        {
            cancellation.ThrowIfCancellationRequested();
            await WaitAsync(cancellation).ConfigureAwait(false);
            Enter();
            try
            {
                if (TryHandOut(out var record))
                {
                    return record;
                }
            }
            finally
            {
                Leave();
            }
        }
    }

    /// <summary>Waits for what may be something to read.</summary>
    private async ValueTask WaitAsync(CancellationToken cancellation)
    {
        var isOpen = await _buffer.WaitAsync(cancellation).ConfigureAwait(false);
        ObjectDisposedException.ThrowIf(!isOpen, this);
    }

    private bool TryHandOut(out ConsumeResult<TKey, TValue> record)
    {
        while (HasDecoded())
        {
            record = _decoded[_next++];
            var isLast = _next == _decoded.Count;
            if (_buffer.TryConsume(_source.Partition, _source.Version, isLast ? _endOffset : record.Offset + 1))
            {
                return true;
            }

            // The application goes on elsewhere.
            _next = _decoded.Count;
        }

        record = default;
        return false;
    }

    /// <summary>Whether there is a record to hand out, decoding more where all were.</summary>
    private bool HasDecoded()
    {
        while (_next == _decoded.Count)
        {
            if (_part is null && !_buffer.TryTake(out _part))
            {
                return false;
            }

            _decoded.Clear();
            _next = 0;
            _source = (_part.Partition, _part.Version);
            if (!_buffer.IsCurrent(_part.Partition, _part.Version))
            {
                ReleasePart();
                continue;
            }

            var isRead = _decoder.Decode(_part, _decoded, _options.MaxPollRecords);
            _endOffset = _part.NextOffset;
            if (isRead)
            {
                ReleasePart();
                if (_decoded.Count == 0)
                {
                    _buffer.TryConsume(_source.Partition, _source.Version, _endOffset);
                }
            }
        }

        return true;
    }

    private void ReleasePart()
    {
        _buffer.Release(_part!);
        _part = null;
    }

    private void Enter()
    {
        ThrowIfDisposed();
        if (Interlocked.Exchange(ref _isConsuming, 1) != 0)
        {
            throw new InvalidOperationException("a consumer is consumed from by one caller at a time");
        }
    }

    private void Leave() => Volatile.Write(ref _isConsuming, 0);

    private void ThrowIfDisposed() => ObjectDisposedException.ThrowIf(Volatile.Read(ref _isDisposed) != 0, this);
}
