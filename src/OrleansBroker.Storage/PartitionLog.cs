using Microsoft.Extensions.Logging;
using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Records;
using OrleansBroker.Storage.Appending;
using OrleansBroker.Storage.Checkpoints;
using OrleansBroker.Storage.Files;
using OrleansBroker.Storage.Loading;
using OrleansBroker.Storage.Producers;
using OrleansBroker.Storage.Segments;

namespace OrleansBroker.Storage;

/// <summary>
/// One partition's log on this broker: segments one after the other, the last of which is appended to.
/// <code>
///  log start offset ≤ recovery point ≤ log end offset        high watermark ≤ log end offset
///  |---- deleted ----|---- readable ------------------ high watermark |-- not yet --|
/// </code>
/// One lock serialises whatever changes the log. Reads take none: they see the segments as an array that is replaced as a
/// whole, and no further than the log end offset, which moves after the bytes are written.
/// A full disk refuses appends until there is room. Any other I/O error of a write or a flush fails the log for good: what
/// is on the disk is then not known; reads of what was good go on.
/// </summary>
public sealed class PartitionLog : IDisposable
{
    private readonly IFileSystem _files;
    private readonly ILogger _logger;
    private readonly LogSegments _segments;
    private readonly LogFlusher _flusher;
    private readonly Lock _gate = new();
    private readonly Lock _flushGate = new();
    private readonly ProducerStateTable _producers;
    private readonly PositionCache _positions = new();
    private readonly LogReader _reader;
    private volatile LogConfig _config;
    private volatile bool _failed;
    private long _logStartOffset;
    private long _logEndOffset;
    private long _highWatermark;
    private long _recoveryPoint;
    private bool _diskFull;
    private bool _changed;

    internal PartitionLog(IFileSystem files, ILogger logger, DeferredDeletions deletions, LoadedLog loaded)
    {
        _files = files;
        _logger = logger;
        Partition = loaded.Partition;
        TopicId = loaded.TopicId;
        Epochs = loaded.Epochs;
        _config = loaded.Config;
        _segments = new LogSegments(files, deletions, loaded.Directory, loaded.Segments, loaded.RecoveryPoint);
        _flusher = new LogFlusher(files, loaded.Epochs, namesFlushed: !loaded.Recovered && loaded.LogEndOffset > 0);
        _producers = loaded.Producers;
        _logStartOffset = loaded.LogStartOffset;
        _logEndOffset = loaded.LogEndOffset;
        _highWatermark = loaded.HighWatermark;
        _recoveryPoint = loaded.RecoveryPoint;
        _changed = loaded.Recovered;
        _reader = new LogReader(this, _positions, logger);
        _positions.NoteAppend(_logEndOffset, Active, (int)Active.SizeBytes);
    }

    public TopicPartition Partition { get; }

    public Guid TopicId { get; internal set; }

    public string Directory => _segments.Directory;

    public LogConfig Config
    {
        get => _config;
        set => _config = value;
    }

    /// <summary>The first offset that can be read.</summary>
    public long LogStartOffset => Volatile.Read(ref _logStartOffset);

    /// <summary>Exclusive: the next record's offset.</summary>
    public long LogEndOffset => Volatile.Read(ref _logEndOffset);

    /// <summary>Exclusive: what consumers may see.</summary>
    public long HighWatermark => Volatile.Read(ref _highWatermark);

    /// <summary>What lies before it survives a power loss.</summary>
    public long RecoveryPoint => Volatile.Read(ref _recoveryPoint);

    public long SizeBytes => SegmentArray.SizeBytes(CurrentSegments);

    public int SegmentCount => CurrentSegments.Length;

    /// <summary>As they are now; the last is the active one.</summary>
    public IReadOnlyList<Segment> Segments => CurrentSegments;

    public LeaderEpochCache Epochs { get; }

    /// <summary>After an I/O error that leaves it unknown what is on the disk.</summary>
    public bool IsFailed => _failed;

    internal Segment[] CurrentSegments => _segments.Current;

    private Segment Active => _segments.Active;

    /// <summary>
    /// Appends whole v2 batches with one write. They are stamped where they lie: offsets and leader epoch, and the timestamp
    /// where the topic has LogAppendTime.
    /// </summary>
    public AppendResult Append(Span<byte> batches, in AppendOptions options)
    {
        var config = _config;
        if (!BatchValidator.TryValidate(batches, config, options, out var failure))
        {
            return failure;
        }

        if (Recompression.IsDue(batches, config, options.Origin))
        {
            using var recompressed = new PooledBuffer();
            return Recompression.TryRecompress(batches, config, recompressed, out failure)
                ? AppendValidated(recompressed.Span, options, config)
                : failure;
        }

        return AppendValidated(batches, options, config);
    }

    /// <summary>Batches from the one that holds <paramref name="offset"/> on, in the segment file they lie in.</summary>
    /// <param name="offsetLimit">Exclusive: the high watermark, as a rule.</param>
    /// <param name="atLeastOneBatch">The first batch comes even if it alone is more than <paramref name="bytesMax"/>.</param>
    public ReadResult Read(long offset, int bytesMax, long offsetLimit, bool atLeastOneBatch) =>
        _reader.Read(offset, bytesMax, offsetLimit, atLeastOneBatch);

    /// <summary>The first record that is not older than a timestamp; null where there is none before <paramref name="offsetLimit"/>.</summary>
    /// <exception cref="IOException">The log cannot be read there.</exception>
    public TimestampedOffset? FindByTimestamp(long timestampMs, long offsetLimit) => _reader.FindByTimestamp(timestampMs, offsetLimit);

    /// <summary>The first record that has the greatest timestamp of all; null in an empty log.</summary>
    /// <exception cref="IOException">The log cannot be read there.</exception>
    public TimestampedOffset? FindMaxTimestamp() => _reader.FindMaxTimestamp();

    /// <summary>Moves the high watermark up, not beyond the log end offset; it never goes down.</summary>
    public void AdvanceHighWatermark(long offset)
    {
        var wanted = Math.Min(offset, LogEndOffset);
        for (var known = HighWatermark; known < wanted;)
        {
            var seen = Interlocked.CompareExchange(ref _highWatermark, wanted, known);
            if (seen == known)
            {
                return;
            }

            known = seen;
        }
    }

    public EpochEnd EndOffsetFor(LeaderEpoch epoch) => Epochs.EndOffsetFor(epoch, LogEndOffset);

    /// <summary>Records that a leader epoch begins at the log end offset.</summary>
    public void BeginLeadership(LeaderEpoch epoch)
    {
        lock (_gate)
        {
            try
            {
                Epochs.Assign(epoch, _logEndOffset);
            }
            catch (IOException e)
            {
                Fail("leader epoch checkpoint", e);
            }
        }
    }

    public IReadOnlyList<ActiveProducer> ActiveProducers()
    {
        lock (_gate)
        {
            return [.. _producers.Producers.Select(producer => producer.Describe())];
        }
    }

    /// <summary>Moves the log start offset up, to the high watermark at most (-1 means that), and removes segments that lie below it.</summary>
    /// <returns>None, OffsetOutOfRange or KafkaStorageError.</returns>
    public ErrorCode DeleteRecordsBefore(long offset)
    {
        lock (_gate)
        {
            var start = offset == -1 ? HighWatermark : offset;
            if (start < 0 || start > HighWatermark)
            {
                return ErrorCode.OffsetOutOfRange;
            }

            if (_failed)
            {
                return ErrorCode.KafkaStorageError;
            }

            try
            {
                MoveLogStartOffset(start);
                RemoveFirst(Retention.BelowLogStartOffset(CurrentSegments, start), nowMs: 0);
                return ErrorCode.None;
            }
            catch (IOException e)
            {
                return Refuse("deletion of records", e).Error;
            }
        }
    }

    /// <summary>Removes the segments that retention.ms, retention.bytes and the log start offset say, and forgets idle producers.</summary>
    /// <returns>How many segments.</returns>
    public int ApplyRetention(long nowMs)
    {
        lock (_gate)
        {
            if (_failed)
            {
                return 0;
            }

            try
            {
                return ApplyRetentionLocked(nowMs);
            }
            catch (IOException e)
            {
                Refuse("retention", e);
                return 0;
            }
        }
    }

    /// <summary>Rolls the active segment if its first batch is older than segment.ms.</summary>
    public void RollIfDue(long nowMs)
    {
        lock (_gate)
        {
            try
            {
                if (!_failed && Active.SizeBytes > 0 && Rolling.IsOldEnough(Active, Partition, _config, nowMs, Math.Max(nowMs, 0)))
                {
                    Roll(_logEndOffset, nowMs);
                }
            }
            catch (IOException e)
            {
                Refuse("roll", e);
            }
        }
    }

    /// <summary>Returns once all that was appended before survives a power loss, and moves the recovery point there.</summary>
    /// <exception cref="IOException">It may not; the log has failed.</exception>
    public void Flush() => FlushSegments(withActive: true);

    /// <summary>Flushes what was rolled, which nobody waits for: keeps recovery short.</summary>
    /// <exception cref="IOException">The log has failed.</exception>
    public void FlushRolled() => FlushSegments(withActive: false);

    /// <summary>Drops all records from an offset on.</summary>
    /// <exception cref="IOException">The log has failed.</exception>
    public void TruncateTo(long offset)
    {
        lock (_gate)
        {
            if (offset >= _logEndOffset)
            {
                return;
            }

            var end = Math.Max(offset, _logStartOffset);
            _changed = true;
            _positions.Clear();
            Volatile.Write(ref _logEndOffset, end);
            Volatile.Write(ref _highWatermark, Math.Min(_highWatermark, end));
            Volatile.Write(ref _recoveryPoint, Math.Min(_recoveryPoint, end));
            try
            {
                _segments.TruncateTo(end, _config);
                Epochs.TruncateFromEnd(end);
                ProducerSnapshots.Rebuild(
                    _files, _logger, Partition, Directory, _producers, CurrentSegments, _logStartOffset, end, canSkip: false);
            }
            catch (IOException e)
            {
                Fail("truncation", e);
                throw;
            }
        }
    }

    /// <summary>A new segment for the cleaner to fill; not part of the log until <see cref="ReplaceSegments"/>.</summary>
    public Segment CreateCleanedSegment(long baseOffset, long nowMs) => Segment.Create(_files, Directory, baseOffset, LogFileNames.Cleaned, nowMs);

    /// <summary>
    /// Puts cleaned segments in the place of others, so that a crash at any moment leaves the one or the other:
    /// <code>
    ///  .cleaned, flushed  ->  .swap: from here on a restart completes it  ->  the old ones .deleted  ->  the final names
    /// </code>
    /// </summary>
    /// <param name="cleaned">In order, at least one; they cover no more than <paramref name="replaced"/>.</param>
    /// <param name="replaced">In order and adjacent, without the active one.</param>
    /// <returns>False where the log changed in between: nothing was replaced. The cleaned segments are of no more use.</returns>
    /// <exception cref="IOException">Nothing was replaced, or a restart completes it.</exception>
    public bool ReplaceSegments(IReadOnlyList<Segment> cleaned, IReadOnlyList<Segment> replaced)
    {
        foreach (var segment in cleaned)
        {
            segment.Seal(_config);
            segment.Flush(isActive: false);
        }

        // The greatest first: recovery drops every .swap at or behind the first .cleaned.
        for (var i = cleaned.Count - 1; i >= 0; i--)
        {
            cleaned[i].ChangeSuffix(LogFileNames.Swap);
        }

        _files.FlushDirectory(Directory);
        lock (_gate)
        {
            if (_failed || !_segments.TryReplace(cleaned, replaced))
            {
                return false;
            }
        }

        _files.FlushDirectory(Directory);
        _segments.Retire(replaced, _config);
        return true;
    }

    public void Dispose()
    {
        foreach (var segment in CurrentSegments)
        {
            segment.Dispose();
        }
    }

    /// <summary>Flushes, and leaves a producer snapshot and indexes of their exact length for a quick start.</summary>
    internal void CloseCleanly()
    {
        Flush();
        lock (_gate)
        {
            if (_changed)
            {
                TakeProducerSnapshot();
                Active.Seal(_config);
                Active.Flush(isActive: false);
            }
        }

        Dispose();
    }

    /// <summary>Renames the directory, under which the log waits to be removed; nothing is appended any more.</summary>
    internal void Retire(string directory)
    {
        lock (_gate)
        {
            _failed = true;
            _segments.MoveTo(directory);
        }
    }

    private AppendResult AppendValidated(Span<byte> batches, in AppendOptions options, LogConfig config)
    {
        if (batches.Length > config.SegmentBytes)
        {
            return AppendResult.Failed(
                ErrorCode.RecordListTooLarge, $"batches of {batches.Length} bytes, where segment.bytes is {config.SegmentBytes}");
        }

        var assigns = options.Origin != AppendOrigin.Replication;
        if (assigns && config.LogAppendTime)
        {
            for (var rest = batches; rest.Length > 0; rest = rest[new RecordBatchView(rest).SizeBytes..])
            {
                RecordBatchStamp.LogAppendTime(rest, options.NowMs);
            }
        }

        lock (_gate)
        {
            if (_failed)
            {
                return AppendResult.Failed(ErrorCode.KafkaStorageError, "the log failed earlier", logStartOffset: _logStartOffset);
            }

            return TryPlan(batches, options, out var plan, out var answer) ? Write(batches, options, config, plan) : answer;
        }
    }

    // Checks producers and stamps, batch by batch; nothing of the log changes.
    private bool TryPlan(Span<byte> batches, in AppendOptions options, out AppendPlan plan, out AppendResult answer)
    {
        plan = new AppendPlan { NextOffset = _logEndOffset };
        answer = default;
        for (var rest = batches; rest.Length > 0;)
        {
            var batch = new RecordBatchView(rest);
            var error = _producers.Check(batch, options.Origin, out var duplicate);
            if (error != ErrorCode.None)
            {
                answer = error == ErrorCode.DuplicateSequenceNumber
                    ? Duplicate(duplicate)
                    : AppendResult.Failed(error, _producers.Describe(batch), logStartOffset: _logStartOffset);
                return false;
            }

            if (options.Origin != AppendOrigin.Replication)
            {
                RecordBatchStamp.BaseOffset(rest, plan.NextOffset);
                RecordBatchStamp.PartitionLeaderEpoch(rest, options.Epoch.Value);
            }
            else if (batch.BaseOffset < plan.NextOffset)
            {
                answer = AppendResult.Failed(
                    ErrorCode.OffsetOutOfRange, $"replicated offset {batch.BaseOffset} is before {plan.NextOffset}", logStartOffset: _logStartOffset);
                return false;
            }

            plan.Add(batch);
            rest = rest[batch.SizeBytes..];
        }

        return true;
    }

    private AppendResult Write(Span<byte> batches, in AppendOptions options, LogConfig config, in AppendPlan plan)
    {
        try
        {
            if (Rolling.IsDue(Active, Partition, config, batches.Length, plan, options.NowMs))
            {
                Roll(plan.BaseOffset, options.NowMs);
            }

            NoteEpochs(batches);
            Active.Append(batches, plan.LastOffset, plan.MaxTimestampMs, plan.MaxTimestampOffset, config);
        }
        catch (IOException e)
        {
            Active.CutBackAfterFailedWrite();
            return Refuse("append", e);
        }

        _diskFull = false;
        _changed = true;
        for (var rest = batches; rest.Length > 0; rest = rest[new RecordBatchView(rest).SizeBytes..])
        {
            _producers.Update(new RecordBatchView(rest));
        }

        _positions.NoteAppend(plan.NextOffset, Active, (int)Active.SizeBytes);
        Volatile.Write(ref _logEndOffset, plan.NextOffset);
        return new AppendResult
        {
            BaseOffset = plan.BaseOffset,
            LastOffset = plan.LastOffset,
            LogAppendTimeMs = config.LogAppendTime ? plan.MaxTimestampMs : -1,
            LogStartOffset = _logStartOffset,
            FlushDue = plan.NextOffset - _recoveryPoint >= config.FlushMessages,
        };
    }

    private AppendResult Duplicate(in ProducerBatch original) => new()
    {
        BaseOffset = original.FirstOffset,
        LastOffset = original.LastOffset,
        LogAppendTimeMs = _config.LogAppendTime ? original.TimestampMs : -1,
        LogStartOffset = _logStartOffset,
        Duplicate = true,
    };

    private void NoteEpochs(ReadOnlySpan<byte> batches)
    {
        for (var rest = batches; rest.Length > 0;)
        {
            var batch = new RecordBatchView(rest);
            if (batch.PartitionLeaderEpoch > Epochs.Latest.Value)
            {
                Epochs.Assign(new LeaderEpoch(batch.PartitionLeaderEpoch), batch.BaseOffset);
            }

            rest = rest[batch.SizeBytes..];
        }
    }

    private void Roll(long baseOffset, long nowMs)
    {
        if (_segments.Roll(baseOffset, nowMs, _config))
        {
            _producers.EndOffset = baseOffset;
            TakeProducerSnapshot();
        }
    }

    // A snapshot only makes a later start quicker, so a full disk does not stop what it is taken for.
    private void TakeProducerSnapshot()
    {
        if (_producers.EndOffset <= _producers.SnapshotOffset)
        {
            return;
        }

        try
        {
            ProducerSnapshotFile.Write(_files, Directory, _producers.EndOffset, _producers.Producers);
            _producers.SnapshotOffset = _producers.EndOffset;
        }
        catch (DiskFullException e)
        {
            NoteDiskFull(e);
        }
    }

    private int ApplyRetentionLocked(long nowMs)
    {
        var config = _config;
        _producers.RemoveExpired(nowMs, config.ProducerIdExpirationMs);
        foreach (var segment in CurrentSegments.AsSpan(0, SegmentCount - 1))
        {
            segment.ReleaseMaps();
        }

        var removed = RemoveFirst(Retention.BelowLogStartOffset(CurrentSegments, _logStartOffset), nowMs);
        if (config.Delete)
        {
            removed += RemoveFirst(Math.Min(Retention.OverSize(CurrentSegments, config), BelowHighWatermark()), nowMs);
            removed += RemoveFirst(Math.Min(Retention.TooOld(CurrentSegments, config, nowMs), BelowHighWatermark()), nowMs);
        }

        return removed;

        int BelowHighWatermark() => Retention.BelowHighWatermark(CurrentSegments, _highWatermark, _logEndOffset);
    }

    // Removes so many of the oldest segments; where that is all of them, a new one takes over first.
    private int RemoveFirst(int count, long nowMs)
    {
        if (count > 0)
        {
            if (count == SegmentCount)
            {
                Roll(_logEndOffset, nowMs);
            }

            MoveLogStartOffset(CurrentSegments[count].BaseOffset);
            _segments.RemoveFirst(count, _config);
        }

        return count;
    }

    private void MoveLogStartOffset(long offset)
    {
        if (offset > _logStartOffset)
        {
            Volatile.Write(ref _logStartOffset, offset);
            Volatile.Write(ref _recoveryPoint, Math.Max(_recoveryPoint, offset));
            Epochs.TruncateFromStart(offset);
        }
    }

    private void FlushSegments(bool withActive)
    {
        lock (_flushGate)
        {
            Segment[] rolled;
            Segment active;
            long end;
            lock (_gate)
            {
                if (_failed)
                {
                    throw new IOException($"the log of {Partition} failed earlier");
                }

                rolled = _segments.RolledUnflushed();
                active = Active;
                end = withActive ? _logEndOffset : active.BaseOffset;
            }

            var activeDue = withActive && end > _recoveryPoint;
            if (rolled.Length == 0 && !activeDue)
            {
                return;
            }

            try
            {
                _flusher.Flush(Directory, rolled, activeDue ? active : null);
            }
            catch (IOException e)
            {
                Fail("flush", e);
                throw;
            }

            lock (_gate)
            {
                _segments.NoteFlushed(rolled);
                Volatile.Write(ref _recoveryPoint, Math.Max(_recoveryPoint, Math.Min(end, _logEndOffset)));
            }
        }
    }

    private AppendResult Refuse(string what, IOException exception)
    {
        if (exception is DiskFullException full)
        {
            NoteDiskFull(full);
        }
        else
        {
            Fail(what, exception);
        }

        return AppendResult.Failed(ErrorCode.KafkaStorageError, exception.Message, logStartOffset: _logStartOffset);
    }

    private void NoteDiskFull(DiskFullException exception)
    {
        if (!_diskFull)
        {
            _diskFull = true;
            StorageLog.DiskFull(_logger, Partition, exception.Message);
        }
    }

    private void Fail(string what, IOException exception)
    {
        _failed = true;
        StorageLog.LogFailed(_logger, Partition, $"{what}: {exception.Message}", exception);
    }
}
