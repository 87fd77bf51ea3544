using Microsoft.Extensions.Logging;
using OrleansBroker.Protocol;
using OrleansBroker.Storage.Checkpoints;
using OrleansBroker.Storage.Segments;

namespace OrleansBroker.Storage.Cleaning;

/// <summary>
/// Compacts the logs of a data directory whose <c>cleanup.policy</c> says so, one at a time: always the one with the highest
/// ratio of dirty bytes, among those above <c>min.cleanable.dirty.ratio</c> and those with records that are older than
/// <c>max.compaction.lag.ms</c>. Called from a loop of its own (<c>log.cleaner.backoff.ms</c>), by one thread at a time.
/// Between two runs it holds no memory but a few numbers a log.
/// </summary>
public sealed partial class LogCleaner
{
    /// <summary>How long a log that could not be read or written waits for its next run.</summary>
    private const long PostponedMs = 60_000;

    private readonly LogDirectory _directory;
    private readonly LogCleanerOptions _options;
    private readonly ILogger _logger;
    private readonly IoThrottle _throttle;
    private readonly KeyHash _hash;
    private readonly Dictionary<TopicPartition, CleanerPosition> _positions = [];
    private readonly Dictionary<TopicPartition, PartitionLog> _uncleanable = [];

    public LogCleaner(LogDirectory directory, LogCleanerOptions options, ILogger logger)
    {
        _directory = directory;
        _options = options;
        _logger = logger;
        _hash = options.KeyHashSeed is { } seed ? KeyHash.WithSeed(seed) : KeyHash.WithRandomSeed();
        _throttle = new IoThrottle(options.IoBytesPerSecondMax, options.Clock, options.Wait, options.WorkShareMax);
        var checkpoint = OffsetCheckpoint.Read(directory.Files, directory.Path, LogFileNames.CleanerCheckpoint);
        foreach (var log in directory.Logs)
        {
            if (checkpoint.TryGetValue(log.Partition, out var cleanEnd))
            {
                _positions[log.Partition] = new CleanerPosition(log, cleanEnd);
            }
        }
    }

    /// <summary>Logs that are not compacted any more because something in them is damaged. May be asked by any thread.</summary>
    public IReadOnlyCollection<TopicPartition> Uncleanable { get; private set; } = [];

    /// <summary>Compacts the dirtiest log that is due; false when none is.</summary>
    /// <exception cref="OperationCanceledException">What was not swapped in yet is thrown away; the log is as good as before.</exception>
    public bool CleanOne(long nowMs, CancellationToken cancellation)
    {
        ForgetDeletedLogs();
        if (Choose(nowMs) is not { } choice)
        {
            return false;
        }

        var (log, range) = choice;
        try
        {
            // A recovery after a power loss takes a hole between two segments for lost records, unless it lies before this point.
            log.FlushRolled();
            _directory.WriteCheckpoints();
            using var run = new CompactionRun(log, range, _options, _throttle, cancellation);
            if (run.Run(nowMs, _hash) is { } cleanEnd)
            {
                _positions[log.Partition] = new CleanerPosition(log, cleanEnd, cleanEnd < range.FirstUncleanable);
                WriteCheckpoint();
            }
        }
        catch (CorruptSegmentException e)
        {
            _uncleanable[log.Partition] = log;
            Uncleanable = [.. _uncleanable.Keys];
            PartitionUncleanable(log.Partition, e.Message);
        }
        catch (IOException e)
        {
            _positions[log.Partition] = PositionOf(log) with { PostponedUntilMs = nowMs + PostponedMs };
            CompactionPostponed(log.Partition, PostponedMs, e.Message);
        }
        catch (ObjectDisposedException) when (!IsCurrent(log))
        {
            // The partition was deleted meanwhile.
        }

        return true;
    }

    private (PartitionLog Log, CleanableRange Range)? Choose(long nowMs)
    {
        (PartitionLog Log, CleanableRange Range)? best = null;
        foreach (var log in _directory.Logs)
        {
            var position = PositionOf(log);
            if (!log.Config.Compact || log.IsFailed || _uncleanable.ContainsKey(log.Partition) || nowMs < position.PostponedUntilMs)
            {
                continue;
            }

            if (RangeOf(log, position, nowMs) is not { } range)
            {
                continue;
            }

            var due = range.DirtyRatio > log.Config.MinCleanableDirtyRatio || range.IsOverdue || position.IsUnfinished;
            if (range.DirtyBytes > 0 && due && (best is null || range.DirtyRatio > best.Value.Range.DirtyRatio))
            {
                best = (log, range);
            }
        }

        return best;
    }

    // One log that cannot be looked at does not keep the others from being compacted.
    private CleanableRange? RangeOf(PartitionLog log, in CleanerPosition position, long nowMs)
    {
        try
        {
            return CleanableRange.Of(log, position.CleanEnd, nowMs);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            _positions[log.Partition] = position with { PostponedUntilMs = nowMs + PostponedMs };
            CompactionPostponed(log.Partition, PostponedMs, e.Message);
            return null;
        }
    }

    private CleanerPosition PositionOf(PartitionLog log) => _positions.TryGetValue(log.Partition, out var position) ? position : new CleanerPosition(log, null);

    /// <summary>A log of the same name that is created later starts anew, and may be cleanable.</summary>
    private void ForgetDeletedLogs()
    {
        var current = _directory.Logs.ToHashSet();
        foreach (var (partition, position) in _positions)
        {
            if (!current.Contains(position.Log))
            {
                _positions.Remove(partition);
            }
        }

        foreach (var (partition, log) in _uncleanable)
        {
            if (!current.Contains(log))
            {
                _uncleanable.Remove(partition);
                Uncleanable = [.. _uncleanable.Keys];
            }
        }
    }

    private bool IsCurrent(PartitionLog log) => _directory.Logs.Contains(log);

    private void WriteCheckpoint()
    {
        var offsets = new Dictionary<TopicPartition, long>();
        foreach (var (partition, position) in _positions)
        {
            if (position.CleanEnd is { } cleanEnd)
            {
                offsets[partition] = cleanEnd;
            }
        }

        OffsetCheckpoint.Write(_directory.Files, _directory.Path, LogFileNames.CleanerCheckpoint, offsets);
    }

    [LoggerMessage(20, LogLevel.Error, "{Partition} is not compacted any more: {Problem}")]
    private partial void PartitionUncleanable(TopicPartition partition, string problem);

    [LoggerMessage(21, LogLevel.Warning, "{Partition} could not be compacted and is tried again in {PostponedMs} ms: {Problem}")]
    private partial void CompactionPostponed(TopicPartition partition, long postponedMs, string problem);
}
