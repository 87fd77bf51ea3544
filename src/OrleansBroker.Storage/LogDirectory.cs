using System.Collections.Concurrent;
using OrleansBroker.Protocol;
using OrleansBroker.Storage.Checkpoints;
using OrleansBroker.Storage.Files;
using OrleansBroker.Storage.Loading;

namespace OrleansBroker.Storage;

/// <summary>A broker's data directory: the logs in it, its lock, and the checkpoints that are written for all logs at once.</summary>
public sealed class LogDirectory : IDisposable
{
    private readonly LogDirectoryOptions _options;
    private readonly IFileSystem _files;
    private readonly DataDirectory _taken;
    private readonly DeferredDeletions _deletions;
    private readonly Lock _gate = new();
    private readonly ConcurrentDictionary<TopicPartition, PartitionLog> _logs = new();

    // As the checkpoint files have it; null where that is not known, because they could not be written.
    private Dictionary<TopicPartition, LogCheckpoint>? _checkpointed = [];

    // Their next start has to recover them as this one should have.
    private readonly ConcurrentDictionary<TopicPartition, LogCheckpoint> _unloaded = new();
    private readonly BootMark _boot;
    private readonly StopKind _lastStop;
    private bool _isRunning;
    private bool _disposed;

    private LogDirectory(LogDirectoryOptions options, DataDirectory taken, MetaProperties meta)
    {
        _options = options;
        _files = options.Files;
        _taken = taken;
        _deletions = new DeferredDeletions(_files, options.Logger);
        ClusterId = meta.ClusterId;
        DirectoryId = meta.DirectoryId;
        _boot = new BootMark(_files, options.Path, options.BootId);
        _lastStop = TakeStopKind();
    }

    public string Path => _options.Path;

    public IFileSystem Files => _files;

    public string ClusterId { get; }

    public Guid DirectoryId { get; }

    /// <summary>The last stop was marked clean, or the page cache survived it: nothing that was acknowledged can be missing.</summary>
    public bool WasCleanStop => _lastStop != StopKind.Unclean;

    /// <summary>By topic name and partition.</summary>
    public IReadOnlyCollection<PartitionLog> Logs => Sorted();

    /// <summary>Takes the directory and loads all logs in it. The owner calls <see cref="MarkRunning"/> before it serves.</summary>
    /// <exception cref="DataDirectoryException">Another process has it, or it belongs to another broker or cluster.</exception>
    /// <exception cref="IOException">It cannot be read or written.</exception>
    public static LogDirectory Open(LogDirectoryOptions options) => Open(DataDirectory.Take(options.Files, options.Path, options.Broker), options);

    /// <summary>As <see cref="Open(LogDirectoryOptions)"/>, of a directory that is taken already, and now is this one's.</summary>
    public static LogDirectory Open(DataDirectory taken, LogDirectoryOptions options)
    {
        try
        {
            var clusterId = options.ClusterId ?? taken.ClusterId ?? TopicIdText.Format(options.Random.NextGuid());
            var directory = new LogDirectory(options, taken, taken.Join(clusterId, options.Random));
            directory.LoadLogs();
            return directory;
        }
        catch
        {
            taken.Dispose();
            throw;
        }
    }

    public PartitionLog? Find(TopicPartition partition) => _logs.GetValueOrDefault(partition);

    /// <summary>The log of a partition, made where there is none. One that belongs to another topic of the same name is removed first.</summary>
    /// <exception cref="IOException">It cannot be read or made.</exception>
    public PartitionLog OpenLog(TopicPartition partition, Guid topicId, LogConfig config)
    {
        lock (_gate)
        {
            if (_logs.TryGetValue(partition, out var log) && log.TopicId != topicId && log.TopicId != Guid.Empty)
            {
                StorageLog.LeftoverLog(_options.Logger, log.Directory, log.TopicId, topicId);
                DeleteLog(partition);
                log = null;
            }

            log ??= CreateLog(partition, topicId, config);
            if (log.TopicId != topicId)
            {
                PartitionMetadata.Write(_files, log.Directory, topicId);
                log.TopicId = topicId;
            }

            log.Config = config;
            return log;
        }
    }

    /// <summary>Takes a log out of use at once; its files go after file.delete.delay.ms.</summary>
    public void DeleteLog(TopicPartition partition)
    {
        lock (_gate)
        {
            if (_logs.TryRemove(partition, out var log))
            {
                log.Retire($"{Path}/{LogFileNames.ForDeletedPartition(partition, _options.Random.NextGuid())}");
                _deletions.AddDirectory(log.Directory, log, log.Config.FileDeleteDelayMs);
            }
        }
    }

    /// <summary>Removes the files of deleted segments and logs whose delay has passed. To be called now and then.</summary>
    public void DeleteExpired(long nowMs) => _deletions.RunExpired(nowMs);

    /// <summary>Writes recovery points, high watermarks and log start offsets. To be called now and then.</summary>
    public void WriteCheckpoints()
    {
        lock (_gate)
        {
            var logs = Sorted();
            KeyValuePair<TopicPartition, LogCheckpoint>[] checkpoints =
                [.. logs.Select(log => KeyValuePair.Create(log.Partition, new LogCheckpoint(log.RecoveryPoint, log.HighWatermark, log.LogStartOffset))), .. _unloaded];
            _checkpointed = null;
            Write(LogFileNames.RecoveryPointCheckpoint, checkpoints, checkpoint => checkpoint.RecoveryPoint);
            Write(LogFileNames.HighWatermarkCheckpoint, checkpoints, checkpoint => checkpoint.HighWatermark);

            // Also where the first segment begins there: a power loss may bring back the ones before it.
            var starting = checkpoints.Where(checkpoint => checkpoint.Value.LogStartOffset > 0);
            Write(LogFileNames.LogStartOffsetCheckpoint, starting, checkpoint => checkpoint.LogStartOffset);
            _checkpointed = new Dictionary<TopicPartition, LogCheckpoint>(checkpoints);
            if (Array.Exists(logs, log => log.IsFailed))
            {
                // Where that was not possible when it failed.
                _boot.Withdraw();
            }
        }
    }

    /// <summary>
    /// To be called when new leader epochs stand in the logs: a start that ends before counts as none, so that the next one
    /// still knows what kind of stop the last was.
    /// </summary>
    /// <exception cref="IOException">The mark cannot be written.</exception>
    public void MarkRunning()
    {
        if (_unloaded.IsEmpty)
        {
            _boot.Write();
        }

        _isRunning = true;
    }

    /// <summary>
    /// Flushes and closes everything and marks the stop as clean, unless something could not be written: then it is as good
    /// as a kill, and the next start recovers.
    /// </summary>
    public void CloseCleanly(long nowMs)
    {
        try
        {
            var failed = CloseLogs();
            WriteCheckpoints();
            if (failed == 0 && _unloaded.IsEmpty && (_isRunning || _lastStop == StopKind.Clean))
            {
                _files.Replace(Path, LogFileNames.CleanShutdown, "{\"version\":0,\"brokerEpoch\":-1}", flush: true);
            }

            DeleteExpired(nowMs);
        }
        catch (IOException e)
        {
            StorageLog.StopNotClean(_options.Logger, Path, e.Message);
        }
        finally
        {
            Dispose();
        }
    }

    public void Dispose()
    {
        if (!_disposed)
        {
            _disposed = true;
            foreach (var log in Sorted())
            {
                log.Dispose();
            }

            _deletions.CloseAll();
            _taken.Dispose();
        }
    }

    // At once: a kill may come before anything else is written.
    private void OnLogFailed()
    {
        try
        {
            _boot.Withdraw();
        }
        catch (IOException e)
        {
            StorageLog.BootMarkStays(_options.Logger, Path, e.Message);
        }
    }

    /// <summary>
    /// A recovery point that lies behind the end of a log is taken, once that has grown again, for a promise that what was appended
    /// since was flushed: it is replaced before anything is.
    /// </summary>
    private void OnLogCutBack(PartitionLog log)
    {
        lock (_gate)
        {
            if (_logs.GetValueOrDefault(log.Partition) == log && IsBehindCheckpoint(log))
            {
                WriteCheckpoints();
            }
        }
    }

    // Those that recovery cut where they had been flushed: damaged ones.
    private void CheckpointCutBack()
    {
        try
        {
            foreach (var log in Sorted())
            {
                OnLogCutBack(log);
            }
        }
        catch (IOException e)
        {
            // As a rule there is no room, so nothing is appended either.
            StorageLog.CheckpointsNotWritten(_options.Logger, Path, e.Message);
        }
    }

    private bool IsBehindCheckpoint(PartitionLog log) =>
        _checkpointed is null
        || (_checkpointed.TryGetValue(log.Partition, out var written)
            && (written.RecoveryPoint > log.RecoveryPoint || written.LogStartOffset > log.LogStartOffset));

    // What is done to all is done in this order, so that a simulated disk sees the same each time.
    private PartitionLog[] Sorted() => [.. _logs.Values.OrderBy(log => log.Partition.Topic, StringComparer.Ordinal).ThenBy(log => log.Partition.Partition)];

    /// <returns>How many could not be flushed.</returns>
    private int CloseLogs()
    {
        var failed = 0;
        ForEach(Sorted(), log =>
        {
            try
            {
                log.CloseCleanly();
            }
            catch (IOException)
            {
                Interlocked.Increment(ref failed);
            }
        });
        return failed;
    }

    // The mark holds for one start only, and is gone for good before anything is written.
    private StopKind TakeStopKind()
    {
        var mark = $"{Path}/{LogFileNames.CleanShutdown}";
        if (_files.FileExists(mark))
        {
            _files.DeleteFile(mark);
            _files.FlushDirectory(Path);
            return StopKind.Clean;
        }

        return _boot.IsOfThisBoot ? StopKind.ProcessOnly : StopKind.Unclean;
    }

    private void LoadLogs()
    {
        var recoveryPoints = OffsetCheckpoint.Read(_files, Path, LogFileNames.RecoveryPointCheckpoint);
        var highWatermarks = OffsetCheckpoint.Read(_files, Path, LogFileNames.HighWatermarkCheckpoint);
        var starts = OffsetCheckpoint.Read(_files, Path, LogFileNames.LogStartOffsetCheckpoint);
        _checkpointed = recoveryPoints.Keys.Union(highWatermarks.Keys).Union(starts.Keys).ToDictionary(partition => partition, CheckpointOf);
        var partitions = new List<TopicPartition>();
        foreach (var name in _files.ListDirectories(Path))
        {
            if (name.EndsWith(LogFileNames.DeletedDirectory, StringComparison.Ordinal))
            {
                _deletions.AddDirectory($"{Path}/{name}", null, 0);
            }
            else if (LogFileNames.TryParsePartition(name, out var partition))
            {
                partitions.Add(partition);
            }
        }

        var loader = new LogLoader(_files, _options.Logger, _deletions, _lastStop, OnLogFailed, OnLogCutBack, _options.NowMs);
        ForEach(partitions, partition => TryLoad(loader, partition, CheckpointOf(partition)));
        CheckpointCutBack();

        LogCheckpoint CheckpointOf(TopicPartition partition) =>
            new(recoveryPoints.GetValueOrDefault(partition), highWatermarks.GetValueOrDefault(partition), starts.GetValueOrDefault(partition));
    }

    private void TryLoad(LogLoader loader, TopicPartition partition, in LogCheckpoint checkpoint)
    {
        try
        {
            var directory = $"{Path}/{partition}";
            var topicId = PartitionMetadata.Read(_files, directory) ?? Guid.Empty;
            _logs[partition] = loader.Load(partition, directory, topicId, _options.Config, checkpoint);
        }
        catch (IOException e)
        {
            // The others can serve; whoever opens this one hears of it.
            _unloaded[partition] = checkpoint;
            StorageLog.LoadFailed(_options.Logger, partition, e.Message, e);
        }
    }

    private PartitionLog CreateLog(TopicPartition partition, Guid topicId, LogConfig config)
    {
        var directory = $"{Path}/{partition}";
        if (_files.DirectoryExists(directory))
        {
            throw new IOException($"{directory} could not be loaded when the broker started");
        }

        // Checkpoints of a deleted log of the same name would be taken for the new one's after a crash.
        if (_checkpointed?.ContainsKey(partition) != false)
        {
            WriteCheckpoints();
        }

        try
        {
            _files.CreateDirectory(directory);
            PartitionMetadata.Write(_files, directory, topicId);
            var loader = new LogLoader(_files, _options.Logger, _deletions, StopKind.Clean, OnLogFailed, OnLogCutBack, _options.NowMs);
            return _logs[partition] = loader.Load(partition, directory, topicId, config, default);
        }
        catch (IOException)
        {
            // Half a log would stand in the way of the next attempt.
            _files.DeleteDirectory(directory);
            throw;
        }
    }

    private void Write(string name, IEnumerable<KeyValuePair<TopicPartition, LogCheckpoint>> checkpoints, Func<LogCheckpoint, long> offset) =>
        OffsetCheckpoint.Write(_files, Path, name, [.. checkpoints.Select(checkpoint => KeyValuePair.Create(checkpoint.Key, offset(checkpoint.Value)))]);

    private void ForEach<T>(ICollection<T> items, Action<T> action)
    {
        if (_options.RecoveryThreads <= 1)
        {
            foreach (var item in items)
            {
                action(item);
            }

            return;
        }

        Parallel.ForEach(items, new ParallelOptions { MaxDegreeOfParallelism = _options.RecoveryThreads }, action);
    }
}
