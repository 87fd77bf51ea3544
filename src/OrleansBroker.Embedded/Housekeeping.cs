using Microsoft.Extensions.Logging;
using OrleansBroker.Core.Configuration;
using OrleansBroker.Core.Partitions;
using OrleansBroker.Storage;
using OrleansBroker.Storage.Cleaning;

namespace OrleansBroker.Embedded;

/// <summary>
/// What a broker does beside serving: rolling and deleting old segments, writing checkpoints, removing the files of deleted
/// topics, and compaction. Each job runs at its own interval, and a job that fails is logged and tried again.
/// </summary>
internal sealed class Housekeeping : IAsyncDisposable
{
    /// <summary>How often deleted files whose delay has passed are looked for, and room for what found none; 60 s is the delay's default, and an idle broker should wake rarely.</summary>
    private const long SweepIntervalMs = 10_000;

    private readonly LogDirectory _logs;
    private readonly PartitionTable _partitions;
    private readonly BrokerConfigCache _config;
    private readonly TimeProvider _clock;
    private readonly IBackgroundWork _background;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stopping = new();
    private readonly List<Job> _jobs;
    private readonly Task _running;

    /// <param name="background">Where logs are compacted.</param>
    public Housekeeping(
        LogDirectory logs, PartitionTable partitions, BrokerConfigCache config, LogCleaner? cleaner, IBackgroundWork background, Action openMissed, TimeProvider clock, ILogger logger)
    {
        _logs = logs;
        _partitions = partitions;
        _config = config;
        _clock = clock;
        _background = background;
        _logger = logger;
        _jobs =
        [
            new("retention", () => _config.Current.LogRetentionCheckIntervalMs, ApplyRetention),
            new("checkpoints", () => _config.Current.LogFlushOffsetCheckpointIntervalMs, _ => _logs.WriteCheckpoints()),
            new("deletion", () => SweepIntervalMs, _logs.DeleteExpired),
            new("partitions without a log", () => SweepIntervalMs, _ => openMissed()),
        ];
        _running = Task.WhenAll(RunJobsAsync(), cleaner is null ? Task.CompletedTask : CleanAsync(cleaner));
    }

    public async ValueTask DisposeAsync()
    {
        _stopping.Cancel();
        await _running;
        _stopping.Dispose();
    }

    private long NowMs() => _clock.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>Waits; false when it is time to stop.</summary>
    private async ValueTask<bool> WaitAsync(long milliseconds)
    {
        try
        {
            await Task.Delay(TimeSpan.FromMilliseconds(Math.Clamp(milliseconds, 1, int.MaxValue)), _clock, _stopping.Token);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private async Task RunJobsAsync()
    {
        await Task.Yield();
        foreach (var job in _jobs)
        {
            job.DueMs = NowMs() + Math.Min(job.IntervalMs(), int.MaxValue);
        }

        while (await WaitAsync(_jobs.Min(job => job.DueMs) - NowMs()))
        {
            foreach (var job in _jobs.Where(job => job.DueMs <= NowMs()))
            {
                Try(job.Name, () => job.Run(NowMs()));
                job.DueMs = NowMs() + Math.Min(job.IntervalMs(), int.MaxValue);
            }
        }
    }

    private async Task CleanAsync(LogCleaner cleaner)
    {
        do
        {
            var cleaned = true;
            while (cleaned && !_stopping.IsCancellationRequested)
            {
                cleaned = false;
                await _background.RunAsync(() => Try("compaction", () => cleaned = cleaner.CleanOne(NowMs(), _stopping.Token)));
            }
        }
        while (await WaitAsync(_config.Current.LogCleanerBackoffMs));
    }

    private void ApplyRetention(long nowMs)
    {
        foreach (var partition in _partitions.All)
        {
            if (_stopping.IsCancellationRequested)
            {
                return;
            }

            Try($"retention of {partition.Name}", () =>
            {
                partition.Log.RollIfDue(nowMs);
                partition.Log.ApplyRetention(nowMs);
                if (!partition.Log.IsFailed)
                {
                    partition.Log.FlushRolled();
                }
            });
        }
    }

    private void Try(string job, Action run)
    {
        try
        {
            run();
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            // The broker stops: the job is taken up again at its next start.
        }
        catch (Exception e)
        {
            EmbeddedLog.JobFailed(_logger, job, e);
        }
    }

    private sealed record Job(string Name, Func<long> IntervalMs, Action<long> Run)
    {
        public long DueMs { get; set; }
    }
}
