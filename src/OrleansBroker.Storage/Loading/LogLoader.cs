using Microsoft.Extensions.Logging;
using OrleansBroker.Protocol;
using OrleansBroker.Storage.Checkpoints;
using OrleansBroker.Storage.Files;
using OrleansBroker.Storage.Producers;
using OrleansBroker.Storage.Segments;

namespace OrleansBroker.Storage.Loading;

/// <summary>
/// Loads a log from its directory, and recovers it if the last stop calls for that. Which segments are gone through:
/// <code>
///  clean          none, unless the last one does not end with a good batch
///  process only   the last one (and the one before where the last is empty: it may just have been rolled)
///  unclean        all that end at or behind the recovery point
/// </code>
/// Where a batch is no good, the segment is cut there and the segments behind it are dropped, as they are where offsets are missing
/// between two segments: the end of the first was lost. Compaction leaves such holes too, but only before the recovery point. The
/// CRC is computed of batches at or behind the recovery point: what lies before was flushed.
/// </summary>
/// <param name="failed">Called when a log that was loaded fails, by whoever found out.</param>
/// <param name="cutBack">Called when a log that was loaded was cut, with none of its locks held.</param>
internal sealed class LogLoader(
    IFileSystem files, ILogger logger, DeferredDeletions deletions, StopKind lastStop, Action failed, Action<PartitionLog> cutBack, long nowMs)
{
    public PartitionLog Load(TopicPartition partition, string directory, Guid topicId, LogConfig config, in LogCheckpoint checkpoint)
    {
        var epochs = new LeaderEpochCache(files, directory);

        // Every batch has its epoch there: where the first of them begins, older records were deleted, though the checkpoint of the log
        // start, which is written now and then, may not say so yet.
        var deletedTo = epochs.Entries is [var first, ..] ? first.StartOffset : 0;
        var (segments, logEnd, recovered) = LoadSegments(partition, directory, config, epochs, checkpoint);
        var logStart = Math.Max(Math.Max(checkpoint.LogStartOffset, segments[0].BaseOffset), Math.Min(deletedTo, logEnd));
        logEnd = Math.Max(logEnd, logStart);

        // An epoch that begins at the very end stays: its leadership had begun, though nothing was appended in it.
        epochs.TruncateFromEnd(logEnd + 1);
        epochs.TruncateFromStart(logStart);
        epochs.WriteIfDue();
        var producers = LoadProducers(partition, directory, segments, logStart, logEnd, recovered);
        foreach (var segment in segments)
        {
            segment.Release();
        }

        return new PartitionLog(files, logger, deletions, failed, cutBack, new LoadedLog
        {
            Partition = partition,
            TopicId = topicId,
            Directory = directory,
            Config = config,
            Segments = segments,
            Epochs = epochs,
            Producers = producers,
            LogStartOffset = logStart,
            LogEndOffset = logEnd,
            HighWatermark = Math.Clamp(checkpoint.HighWatermark, logStart, logEnd),
            RecoveryPoint = recovered ? Math.Min(checkpoint.RecoveryPoint, logEnd) : logEnd,
            Recovered = recovered,
        });
    }

    /// <summary>The segments that the log is made of, one at least.</summary>
    private (Segment[] Segments, long LogEnd, bool Recovered) LoadSegments(
        TopicPartition partition, string directory, LogConfig config, LeaderEpochCache epochs, in LogCheckpoint checkpoint)
    {
        var segments = WithoutDeleted(partition, directory, SegmentFiles.Load(files, directory, nowMs), checkpoint.LogStartOffset);
        var recovered = lastStop != StopKind.Clean;
        var logEnd = recovered ? -1 : TryReadLogEnd(segments);
        if (logEnd < 0 && segments.Length > 0)
        {
            recovered = true;
            (segments, logEnd) = Recover(partition, directory, segments, config, epochs, checkpoint.RecoveryPoint);
        }

        if (segments.Length > 0 && logEnd < checkpoint.LogStartOffset)
        {
            StorageLog.StartsBeyondEnd(logger, partition, logEnd, checkpoint.LogStartOffset);
            Drop(partition, directory, segments, quiet: true);
            epochs.Clear();
            segments = [];
        }

        if (segments.Length == 0)
        {
            segments = [Segment.Create(files, directory, checkpoint.LogStartOffset, "", nowMs)];
            logEnd = checkpoint.LogStartOffset;
        }

        return (segments, logEnd, recovered);
    }

    // A power loss may bring back what was deleted, with holes where it was not flushed before: it must not cost what follows it.
    private Segment[] WithoutDeleted(TopicPartition partition, string directory, Segment[] segments, long logStartOffset)
    {
        var deleted = Retention.BelowLogStartOffset(segments, logStartOffset);

        // An empty segment may have been left by a roll that did not come to be.
        while (deleted > 0 && segments[deleted].SizeBytes == 0)
        {
            deleted--;
        }

        Drop(partition, directory, segments[..deleted], quiet: true);
        return segments[deleted..];
    }

    private ProducerStateTable LoadProducers(
        TopicPartition partition, string directory, Segment[] segments, long logStart, long logEnd, bool recovered)
    {
        var producers = new ProducerStateTable();
        if (logEnd == 0)
        {
            return producers;
        }

        ProducerSnapshots.Rebuild(files, logger, partition, directory, producers, segments, logStart, logEnd, canSkip: !recovered);
        ProducerSnapshots.RemoveStray(files, directory, segments);
        return producers;
    }

    // -1 where the last segment does not end with a good batch, although it should.
    private static long TryReadLogEnd(Segment[] segments)
    {
        try
        {
            return segments.Length == 0 ? -1 : segments[^1].ReadNextOffset();
        }
        catch (CorruptSegmentException)
        {
            return -1;
        }
    }

    private (Segment[] Segments, long LogEnd) Recover(
        TopicPartition partition, string directory, Segment[] segments, LogConfig config, LeaderEpochCache epochs, long recoveryPoint)
    {
        using var recovery = new SegmentRecovery();
        var logEnd = segments[0].BaseOffset;
        for (var i = FirstToRecover(segments, recoveryPoint); i < segments.Length; i++)
        {
            var segment = segments[i];
            if (segment.BaseOffset < logEnd)
            {
                // Left by a roll that did not come to be; the segment before went on.
                Drop(partition, directory, segments[i..], quiet: false);
                return (segments[..i], logEnd);
            }

            recovery.Run(segment, recoveryPoint, config, epochs);
            logEnd = recovery.NextOffset;
            if (recovery.Problem is { } problem)
            {
                StorageLog.TailCut(
                    logger, partition, segment.Path, recovery.GoodBytes, logEnd, segment.SizeBytes - recovery.GoodBytes, problem);
                segment.SetSize(recovery.GoodBytes);
                segment.Flush(isActive: true);
                Drop(partition, directory, segments[(i + 1)..], quiet: false);
                segments = segments[..(i + 1)];
            }
            else if (lastStop == StopKind.Unclean && i + 1 < segments.Length && segments[i + 1].BaseOffset > Math.Max(logEnd, recoveryPoint))
            {
                StorageLog.EndMissing(logger, partition, segment.Path, logEnd);
                Drop(partition, directory, segments[(i + 1)..], quiet: false);
                segments = segments[..(i + 1)];
            }

            if (i + 1 < segments.Length)
            {
                segment.Seal(config);
            }
        }

        return (segments, logEnd);
    }

    private int FirstToRecover(Segment[] segments, long recoveryPoint)
    {
        var last = segments.Length - 1;
        if (lastStop == StopKind.Unclean)
        {
            var first = SegmentArray.Floor(segments, recoveryPoint);
            return first > 0 && segments[first].BaseOffset == recoveryPoint ? first - 1 : first;
        }

        return last > 0 && segments[last].SizeBytes == 0 ? last - 1 : last;
    }

    private void Drop(TopicPartition partition, string directory, Segment[] segments, bool quiet)
    {
        foreach (var segment in segments)
        {
            if (!quiet)
            {
                StorageLog.SegmentDropped(logger, partition, segment.Path);
            }

            segment.ChangeSuffix(LogFileNames.Deleted);
            files.DeleteFile(LogFileNames.ForOffset(directory, segment.BaseOffset, LogFileNames.ProducerSnapshot));
            deletions.Add(segment, LogConfig.Default.FileDeleteDelayMs);
        }

        if (segments.Length > 0)
        {
            // A power loss after a clean stop would bring them back, behind a log that seems to be whole.
            files.FlushDirectory(directory);
        }
    }
}
