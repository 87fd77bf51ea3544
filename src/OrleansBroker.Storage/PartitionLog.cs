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
/// One lock serialises whatever changes the log. Reads take none: they see the segments as an array that is replaced as a
/// whole, and no further than the log end offset, which moves after the bytes are written.
/// A full disk refuses appends until there is room. Any other I/O error of a write or a flush fails the log for good: what
/// is on the disk is then not known; reads of what was good go on.
/// </summary>
public sealed partial class PartitionLog : IDisposable
{
    private readonly IFileSystem _files;
    private readonly ILogger _logger;
    private readonly LogSegments _segments;
    private readonly LogFlusher _flusher;
    private readonly LogHealth _health;
    private readonly Lock _gate = new();
    private readonly Lock _flushGate = new();
    private readonly ProducerStateTable _producers;
    private readonly PositionCache _positions = new();
    private readonly LogReader _reader;
    private readonly LogOffsets _offsets;
    private readonly Action<PartitionLog> _cutBack;
    private volatile LogConfig _config;
    private bool _changed;

    internal PartitionLog(IFileSystem files, ILogger logger, DeferredDeletions deletions, Action failed, Action<PartitionLog> cutBack, LoadedLog loaded)
    {
        _files = files;
        _logger = logger;
        _cutBack = cutBack;
        _health = new LogHealth(loaded.Partition, failed, logger);
        Partition = loaded.Partition;
        TopicId = loaded.TopicId;
        Epochs = loaded.Epochs;
        _config = loaded.Config;
        _segments = new LogSegments(files, deletions, loaded.Directory, loaded.Segments, loaded.RecoveryPoint);
        _flusher = new LogFlusher(files, loaded.Epochs, namesFlushed: !loaded.Recovered && loaded.LogEndOffset > 0);
        _producers = loaded.Producers;
        _offsets = new LogOffsets(loaded);
        _changed = loaded.Recovered;
        _reader = new LogReader(this, _positions, logger);
        _positions.NoteAppend(LogEndOffset, Active, (int)Active.SizeBytes);
    }

    public TopicPartition Partition { get; }

    public Guid TopicId { get; internal set; }

    public string Directory => _segments.Directory;

    public LogConfig Config { get => _config; set => _config = value; }

    /// <summary>The first offset that can be read.</summary>
    public long LogStartOffset => _offsets.Start;

    /// <summary>Exclusive: the next record's offset.</summary>
    public long LogEndOffset => _offsets.End;

    /// <summary>Exclusive: what consumers may see.</summary>
    public long HighWatermark => _offsets.HighWatermark;

    /// <summary>What lies before it survives a power loss.</summary>
    public long RecoveryPoint => _offsets.RecoveryPoint;

    public long SizeBytes => SegmentArray.SizeBytes(CurrentSegments);

    public int SegmentCount => CurrentSegments.Length;

    /// <summary>As they are now; the last is the active one.</summary>
    public IReadOnlyList<Segment> Segments => CurrentSegments;

    public LeaderEpochCache Epochs { get; }

    /// <summary>After an I/O error that leaves it unknown what is on the disk.</summary>
    public bool IsFailed => _health.IsFailed;

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

        if (!Recompression.IsDue(batches, config, options.Origin))
        {
            return AppendValidated(batches, options, config);
        }

        using var recompressed = new PooledBuffer();
        return Recompression.TryRecompress(batches, config, recompressed, out failure)
            ? AppendValidated(recompressed.Span, options, config)
            : failure;
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
    public void AdvanceHighWatermark(long offset) => _offsets.AdvanceHighWatermark(offset);

    public EpochEnd EndOffsetFor(LeaderEpoch epoch) => Epochs.EndOffsetFor(epoch, LogEndOffset);

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

            if (IsFailed)
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
            var config = _config;
            _producers.RemoveExpired(nowMs, config.ProducerIdExpirationMs);
            foreach (var segment in CurrentSegments.AsSpan(0, SegmentCount - 1))
            {
                segment.ReleaseMaps();
            }

            try
            {
                return IsFailed
                    ? 0
                    : RemoveFirst(Retention.Due(CurrentSegments, config, LogStartOffset, HighWatermark, LogEndOffset, nowMs), nowMs);
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
                if (!IsFailed && Active.SizeBytes > 0 && Rolling.IsOldEnough(Active, Partition, _config, nowMs, newestMs: nowMs))
                {
                    Roll(LogEndOffset, nowMs);
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

    /// <summary>A new segment for the cleaner to fill; not part of the log until <see cref="ReplaceSegments"/>.</summary>
    /// <exception cref="IOException">It cannot be made, or the log is out of use.</exception>
    public Segment CreateCleanedSegment(long baseOffset, long nowMs)
    {
        lock (_gate)
        {
            return IsFailed
                ? throw new IOException($"the log of {Partition} is out of use")
                : _segments.CreateCleaned(baseOffset, nowMs);
        }
    }

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
        _segments.PrepareReplace(cleaned, _config);
        lock (_gate)
        {
            if (IsFailed)
            {
                LogSegments.Abandon(cleaned);
                return false;
            }

            if (!_segments.TryReplace(cleaned, replaced))
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
        Epochs.WriteIfDue();
        lock (_gate)
        {
            if (_changed)
            {
                ProducerSnapshots.Take(_files, _health, Directory, _producers);
                if (_producers.Count > 0 && _producers.SnapshotOffset < _producers.EndOffset)
                {
                    // A clean start trusts the snapshots.
                    throw new IOException($"no producer snapshot of {Partition}");
                }

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
            _health.Retire();
            _segments.MoveTo(directory);
        }
    }

    private AppendResult AppendValidated(Span<byte> batches, in AppendOptions options, LogConfig config)
    {
        if (batches.Length > config.SegmentBytes && options.Origin != AppendOrigin.Replication)
        {
            return AppendResult.Failed(
                ErrorCode.RecordListTooLarge, $"batches of {batches.Length} bytes, where segment.bytes is {config.SegmentBytes}");
        }

        AppendPlanner.StampTime(batches, config, options);
        lock (_gate)
        {
            if (IsFailed)
            {
                return AppendResult.Failed(ErrorCode.KafkaStorageError, "the log failed earlier", logStartOffset: LogStartOffset);
            }

            if (!IsWriter(options))
            {
                return AppendResult.Failed(ErrorCode.NotLeaderOrFollower, "another leader epoch has begun, or somebody else has appended", logStartOffset: LogStartOffset);
            }

            return AppendPlanner.TryPlan(batches, options, _producers, LogEndOffset, out var plan, out var answer)
                ? Write(batches, options, config, plan)
                : answer with { LogStartOffset = LogStartOffset, LogAppendTimeMs = config.LogAppendTime ? answer.LogAppendTimeMs : -1 };
        }
    }

    private AppendResult Write(Span<byte> batches, in AppendOptions options, LogConfig config, in AppendPlan plan)
    {
        try
        {
            if (Rolling.IsDue(Active, Partition, config, batches.Length, plan, options.NowMs))
            {
                Roll(plan.BaseOffset, options.NowMs);
            }

            AppendPlanner.NoteEpochs(batches, Epochs);
            Active.Append(batches, plan.LastOffset, plan.MaxTimestampMs, plan.MaxTimestampOffset, config);
        }
        catch (IOException e)
        {
            Active.CutBackAfterFailedWrite();
            return Refuse("append", e);
        }

        _health.NoteRoom();
        _changed = true;
        for (var rest = batches; rest.Length > 0; rest = rest[new RecordBatchView(rest).SizeBytes..])
        {
            _producers.Update(new RecordBatchView(rest));
        }

        _positions.NoteAppend(plan.NextOffset, Active, (int)Active.SizeBytes);
        _offsets.End = plan.NextOffset;
        return new AppendResult
        {
            BaseOffset = plan.BaseOffset,
            LastOffset = plan.LastOffset,
            LogAppendTimeMs = config.LogAppendTime ? plan.MaxTimestampMs : -1,
            LogStartOffset = LogStartOffset,
            FlushDue = plan.NextOffset - RecoveryPoint >= config.FlushMessages,
        };
    }

    private void Roll(long baseOffset, long nowMs)
    {
        Epochs.WriteIfDue();
        if (_segments.Roll(baseOffset, nowMs, _config))
        {
            _producers.EndOffset = baseOffset;
            ProducerSnapshots.Take(_files, _health, Directory, _producers);
        }
    }

    // Removes so many of the oldest segments; where that is all of them, a new one takes over first.
    private int RemoveFirst(int count, long nowMs)
    {
        if (count > 0)
        {
            if (count == SegmentCount)
            {
                Roll(LogEndOffset, nowMs);
            }

            MoveLogStartOffset(CurrentSegments[count].BaseOffset);
            _segments.RemoveFirst(count, _config);
        }

        return count;
    }

    private void MoveLogStartOffset(long offset)
    {
        if (offset > LogStartOffset)
        {
            _offsets.MoveStart(offset);
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
                if (IsFailed)
                {
                    throw new IOException($"the log of {Partition} failed earlier");
                }

                rolled = _segments.RolledUnflushed();
                active = Active;
                end = withActive ? LogEndOffset : active.BaseOffset;
            }

            var activeDue = withActive && end > RecoveryPoint;
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
                _health.Fail("flush", e);
                throw;
            }

            lock (_gate)
            {
                _segments.NoteFlushed(rolled);
                _offsets.NoteFlushed(end);
            }
        }
    }

    private AppendResult Refuse(string what, IOException exception)
    {
        _health.Note(what, exception);
        return AppendResult.Failed(ErrorCode.KafkaStorageError, exception.Message, logStartOffset: LogStartOffset);
    }
}
