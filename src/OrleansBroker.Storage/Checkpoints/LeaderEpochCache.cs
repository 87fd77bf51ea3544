using System.Globalization;
using System.Text;
using OrleansBroker.Protocol;
using OrleansBroker.Storage.Files;

namespace OrleansBroker.Storage.Checkpoints;

/// <summary>
/// The leader epochs of a log and where each begins, kept in <c>leader-epoch-checkpoint</c>:
/// <code>
///  0          version
///  2          lines that follow
///  3 0        epoch, start offset: both grow from line to line
///  5 1207
/// </code>
/// The file has an epoch before the log rolls or moves its recovery point: one that is not in the file stands in batches of the
/// last segment, from which recovery adds it again. Only an epoch that nothing else knows of is written when it begins.
/// Reads take no lock.
/// </summary>
public sealed class LeaderEpochCache
{
    private readonly IFileSystem _files;
    private readonly Lock _gate = new();
    private volatile EpochEntry[] _entries = [];
    private bool _writeDue;
    private bool _flushDue;

    internal LeaderEpochCache(IFileSystem files, string directory)
    {
        _files = files;
        Directory = directory;
        var entries = new List<EpochEntry>();
        foreach (var line in CheckpointText.Read(files, directory, LogFileNames.LeaderEpochCheckpoint))
        {
            var space = line.IndexOf(' ', StringComparison.Ordinal);
            if (int.TryParse(line.AsSpan(0, Math.Max(space, 0)), CultureInfo.InvariantCulture, out var epoch)
                && long.TryParse(line.AsSpan(space + 1), CultureInfo.InvariantCulture, out var start))
            {
                entries.Add(new EpochEntry(new LeaderEpoch(epoch), start));
            }
        }

        _entries = [.. entries];
    }

    /// <summary>Oldest first.</summary>
    public IReadOnlyList<EpochEntry> Entries => _entries;

    /// <summary>None in a log that never had a leader.</summary>
    public LeaderEpoch Latest => _entries is [.., var last] ? last.Epoch : LeaderEpoch.None;

    internal string Directory { get; set; }

    /// <summary>The epoch under which an offset was written; none where that is not known.</summary>
    public LeaderEpoch EpochOf(long offset)
    {
        var found = LeaderEpoch.None;
        foreach (var entry in _entries)
        {
            if (entry.StartOffset > offset)
            {
                break;
            }

            found = entry.Epoch;
        }

        return found;
    }

    /// <summary>Where <paramref name="epoch"/>, or the last one before it, ends.</summary>
    public EpochEnd EndOffsetFor(LeaderEpoch epoch, long logEndOffset)
    {
        var entries = _entries;
        if (entries.Length == 0 || epoch < new LeaderEpoch(0) || epoch > entries[^1].Epoch)
        {
            return EpochEnd.Unknown;
        }

        if (epoch == entries[^1].Epoch)
        {
            return new EpochEnd(epoch, logEndOffset);
        }

        var next = Array.FindIndex(entries, entry => entry.Epoch > epoch);
        return new EpochEnd(next == 0 ? epoch : entries[next - 1].Epoch, entries[next].StartOffset);
    }

    /// <summary>An epoch begins at an offset. Entries that contradict it go: no epoch that is not older may begin before or at it.</summary>
    /// <param name="writes">Whether the file has it at once; else when it is needed there.</param>
    internal void Assign(LeaderEpoch epoch, long startOffset, bool writes)
    {
        lock (_gate)
        {
            var entries = _entries;
            if (epoch < new LeaderEpoch(0) || (entries is [.., var last] && last.Epoch == epoch && last.StartOffset <= startOffset))
            {
                return;
            }

            var kept = entries.Length;
            while (kept > 0 && (entries[kept - 1].Epoch >= epoch || entries[kept - 1].StartOffset >= startOffset))
            {
                kept--;
            }

            _entries = [.. entries.AsSpan(0, kept), new EpochEntry(epoch, startOffset)];
            _writeDue = true;
            if (writes)
            {
                TryWrite();
            }
        }
    }

    /// <summary>The log ends at an offset: epochs that begin there or later are gone.</summary>
    internal void TruncateFromEnd(long endOffset)
    {
        lock (_gate)
        {
            var entries = _entries;
            var kept = entries.Length;
            while (kept > 0 && entries[kept - 1].StartOffset >= endOffset)
            {
                kept--;
            }

            if (kept < entries.Length)
            {
                Publish(entries[..kept]);
            }
        }
    }

    /// <summary>The log starts at an offset: older epochs are gone, the one it lies in begins there.</summary>
    internal void TruncateFromStart(long startOffset)
    {
        lock (_gate)
        {
            var entries = _entries;
            var first = 0;
            while (first + 1 < entries.Length && entries[first + 1].StartOffset <= startOffset)
            {
                first++;
            }

            if (entries.Length > 0 && entries[first].StartOffset < startOffset)
            {
                Publish([entries[first] with { StartOffset = startOffset }, .. entries.AsSpan(first + 1)]);
            }
        }
    }

    internal void Clear()
    {
        lock (_gate)
        {
            Publish([]);
        }
    }

    /// <summary>Brings the file up to date: recovery will not look for epochs in the batches that there are by now.</summary>
    internal void WriteIfDue()
    {
        lock (_gate)
        {
            if (_writeDue)
            {
                Write();
            }
        }
    }

    /// <summary>Makes what stands in the cache survive a power loss, once the directory is flushed too.</summary>
    /// <returns>Whether there was anything to flush.</returns>
    internal bool FlushFile()
    {
        lock (_gate)
        {
            if (_writeDue)
            {
                Write();
            }

            var due = _flushDue;
            if (due)
            {
                _files.FlushFile($"{Directory}/{LogFileNames.LeaderEpochCheckpoint}");
                _flushDue = false;
            }

            return due;
        }
    }

    private void Publish(EpochEntry[] entries)
    {
        _entries = entries;
        _writeDue = true;
        TryWrite();
    }

    private void TryWrite()
    {
        try
        {
            Write();
        }
        catch (DiskFullException)
        {
            // The cache is right and the file late; the next change or flush writes it.
        }
    }

    private void Write()
    {
        var entries = _entries;
        var text = new StringBuilder();
        CheckpointText.WriteHead(text, entries.Length);
        foreach (var entry in entries)
        {
            text.Append(CultureInfo.InvariantCulture, $"{entry.Epoch.Value} {entry.StartOffset}\n");
        }

        // A lost file of the first epoch alone loses nothing that recovery does not find in the batches. A later one must not take
        // those before it along.
        var isFirst = entries is [] or [{ Epoch.Value: 0 }];
        _files.Replace(Directory, LogFileNames.LeaderEpochCheckpoint, text.ToString(), flush: !isFirst);
        _writeDue = false;
        _flushDue = isFirst;
    }
}
