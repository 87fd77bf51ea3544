using OrleansBroker.Storage.Files;
using OrleansBroker.Storage.Segments;

namespace OrleansBroker.Storage.Loading;

/// <summary>
/// Brings the files of a log's directory to rest after whatever interrupted the last process, and finds the segments.
/// <code>
///  .deleted .tmp    removed
///  .cleaned         removed: the replacement had not begun. So is every .swap at or behind the first of them
///  .swap            takes the place of the segments it covers, then its final name
///  index without a log file    removed
/// </code>
/// </summary>
internal static class SegmentFiles
{
    private static readonly string[] s_indexes = [LogFileNames.OffsetIndex, LogFileNames.TimeIndex, LogFileNames.TransactionIndex];

    public static Segment[] Load(IFileSystem files, string directory, long nowMs)
    {
        var names = files.ListFiles(directory);
        if (names.Any(IsLeftover))
        {
            CleanUp(files, directory, names);
            names = files.ListFiles(directory);
        }

        var bases = new List<long>();
        var indexes = new List<(long Offset, string Name)>();
        foreach (var name in names)
        {
            if (!LogFileNames.TryParseOffset(name, out var offset, out var suffix))
            {
                continue;
            }

            if (suffix == LogFileNames.Log)
            {
                bases.Add(offset);
            }
            else if (s_indexes.Contains(suffix))
            {
                indexes.Add((offset, name));
            }
        }

        foreach (var (offset, name) in indexes)
        {
            if (!bases.Contains(offset))
            {
                files.DeleteFile($"{directory}/{name}");
            }
        }

        bases.Sort();
        return [.. bases.Select(offset => Open(files, directory, offset, "", nowMs))];
    }

    private static bool IsLeftover(string name) =>
        name.EndsWith(LogFileNames.Deleted, StringComparison.Ordinal)
        || name.EndsWith(LogFileNames.Temporary, StringComparison.Ordinal)
        || name.EndsWith(LogFileNames.Cleaned, StringComparison.Ordinal)
        || name.EndsWith(LogFileNames.Swap, StringComparison.Ordinal);

    private static void CleanUp(IFileSystem files, string directory, IReadOnlyList<string> names)
    {
        var cleaned = names.Where(name => name.EndsWith(LogFileNames.Cleaned, StringComparison.Ordinal)).ToArray();
        var firstCleaned = cleaned.Length == 0 ? long.MaxValue : cleaned.Min(OffsetOf);
        foreach (var name in names)
        {
            var isSwap = name.EndsWith(LogFileNames.Swap, StringComparison.Ordinal);
            if (isSwap ? OffsetOf(name) >= firstCleaned : IsLeftover(name))
            {
                files.DeleteFile($"{directory}/{name}");
            }
        }

        var swaps = names.Where(name => name.EndsWith(LogFileNames.Swap, StringComparison.Ordinal) && OffsetOf(name) < firstCleaned).ToArray();
        foreach (var name in swaps.Where(name => name.Contains(LogFileNames.Log + LogFileNames.Swap, StringComparison.Ordinal)))
        {
            RemoveCovered(files, directory, names, OffsetOf(name));
        }

        foreach (var name in swaps)
        {
            files.RenameFile($"{directory}/{name}", $"{directory}/{name[..^LogFileNames.Swap.Length]}");
        }

        files.FlushDirectory(directory);
    }

    // What the cleaned segment was made of: it covers the offsets of the segments it replaces.
    private static void RemoveCovered(IFileSystem files, string directory, IReadOnlyList<string> names, long baseOffset)
    {
        long nextOffset;
        using (var swap = Open(files, directory, baseOffset, LogFileNames.Swap, 0))
        {
            nextOffset = Math.Max(swap.ReadNextOffset(), baseOffset + 1);
        }

        foreach (var name in names)
        {
            if (LogFileNames.TryParseOffset(name, out var offset, out var suffix)
                && offset >= baseOffset && offset < nextOffset
                && (suffix == LogFileNames.Log || s_indexes.Contains(suffix)))
            {
                files.DeleteFile($"{directory}/{name}");
            }
        }
    }

    private static Segment Open(IFileSystem files, string directory, long baseOffset, string suffix, long nowMs)
    {
        var sizeBytes = files.LengthOf(LogFileNames.ForOffset(directory, baseOffset, LogFileNames.Log) + suffix);
        return new Segment(files, directory, baseOffset, suffix, sizeBytes) { OpenedMs = nowMs };
    }

    private static long OffsetOf(string name) => LogFileNames.TryParseOffset(name, out var offset, out _) ? offset : long.MaxValue;
}
