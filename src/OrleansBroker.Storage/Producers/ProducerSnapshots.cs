using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
using OrleansBroker.Protocol;
using OrleansBroker.Storage.Files;
using OrleansBroker.Storage.Segments;

namespace OrleansBroker.Storage.Producers;

/// <summary>Writes snapshots, and makes a producer table again from the newest good one and the batch headers behind it.</summary>
internal static class ProducerSnapshots
{
    /// <summary>
    /// Writes a snapshot unless there is one of the same offset. It only makes a later start quicker, so a full disk does not
    /// stop what it is taken for.
    /// </summary>
    public static void Take(IFileSystem files, LogHealth health, string directory, ProducerStateTable table)
    {
        if (table.EndOffset <= table.SnapshotOffset)
        {
            return;
        }

        try
        {
            ProducerSnapshotFile.Write(files, directory, table.EndOffset, table.Producers);
            table.SnapshotOffset = table.EndOffset;
        }
        catch (DiskFullException e)
        {
            health.NoteDiskFull(e);
        }
    }

    /// <param name="canSkip">A log without any snapshot never had an idempotent producer, because its last stop was clean.</param>
    public static void Rebuild(
        IFileSystem files,
        ILogger logger,
        TopicPartition partition,
        string directory,
        ProducerStateTable table,
        Segment[] segments,
        long logStartOffset,
        long logEndOffset,
        bool canSkip)
    {
        table.Clear(logStartOffset);
        table.SnapshotOffset = logStartOffset;
        var any = LoadNewest(files, logger, partition, directory, table, logEndOffset);
        if (any || !canSkip)
        {
            // Not only from the log start offset on: a producer's last batch may lie below, in what is still there.
            Replay(table, segments, table.EndOffset, logEndOffset);
        }

        table.EndOffset = logEndOffset;
    }

    /// <summary>Removes the snapshots that no recovery would start from: all but the newest, and those at the beginning of a segment.</summary>
    public static void RemoveStray(IFileSystem files, string directory, Segment[] segments)
    {
        var offsets = List(files, directory);
        var newest = offsets.Count == 0 ? -1 : offsets.Max();
        foreach (var offset in offsets)
        {
            if (offset != newest && segments[SegmentArray.Floor(segments, offset)].BaseOffset != offset)
            {
                files.DeleteFile(PathOf(directory, offset));
            }
        }
    }

    public static void RemoveAll(IFileSystem files, string directory)
    {
        foreach (var offset in List(files, directory))
        {
            files.DeleteFile(PathOf(directory, offset));
        }
    }

    // Answers whether there was any, be it a good one or not.
    private static bool LoadNewest(
        IFileSystem files, ILogger logger, TopicPartition partition, string directory, ProducerStateTable table, long logEndOffset)
    {
        var offsets = List(files, directory);
        RemoveBeyond(files, directory, offsets, logEndOffset);
        foreach (var offset in offsets.Where(offset => offset <= logEndOffset).OrderDescending())
        {
            var path = PathOf(directory, offset);
            var producers = new List<ProducerState>();
            if (ProducerSnapshotFile.TryParse(files.TryReadAll(path), producers))
            {
                producers.ForEach(table.Load);
                table.EndOffset = offset;
                table.SnapshotOffset = offset;
                return true;
            }

            StorageLog.SnapshotDropped(logger, partition, path);
            files.DeleteFile(path);
        }

        return offsets.Count > 0;
    }

    // With a power loss they must not come back: they would count once other batches lie in the place of theirs.
    private static void RemoveBeyond(IFileSystem files, string directory, List<long> offsets, long logEndOffset)
    {
        var beyond = offsets.FindAll(offset => offset > logEndOffset);
        beyond.ForEach(offset => files.DeleteFile(PathOf(directory, offset)));
        if (beyond.Count > 0)
        {
            files.FlushDirectory(directory);
        }
    }

    [SkipLocalsInit]
    private static void Replay(ProducerStateTable table, Segment[] segments, long fromOffset, long toOffset)
    {
        Span<byte> buffer = stackalloc byte[BatchHeaderReader.BufferBytes];
        for (var i = SegmentArray.Floor(segments, fromOffset); i < segments.Length && fromOffset < toOffset; i++)
        {
            var segment = segments[i];
            var start = segment.Find(fromOffset, segment.SizeBytes)?.Position ?? segment.SizeBytes;
            var headers = new BatchHeaderReader(segment.File, start, segment.SizeBytes, buffer);
            while (headers.TryRead(out var header))
            {
                table.Update(header);
            }
        }
    }

    private static List<long> List(IFileSystem files, string directory)
    {
        var offsets = new List<long>();
        foreach (var name in files.ListFiles(directory))
        {
            if (LogFileNames.TryParseOffset(name, out var offset, out var suffix) && suffix == LogFileNames.ProducerSnapshot)
            {
                offsets.Add(offset);
            }
        }

        return offsets;
    }

    private static string PathOf(string directory, long offset) => LogFileNames.ForOffset(directory, offset, LogFileNames.ProducerSnapshot);
}
