using Microsoft.Extensions.Logging;
using OrleansBroker.Storage.Files;
using OrleansBroker.Storage.Segments;

namespace OrleansBroker.Storage;

/// <summary>
/// Files that are out of use but may still be sent to a client: renamed at once, closed and removed after
/// file.delete.delay.ms. The delay counts from the first <see cref="RunExpired"/> after they came.
/// </summary>
internal sealed class DeferredDeletions(IFileSystem files, ILogger logger)
{
    private readonly Lock _gate = new();
    private List<Entry> _entries = [];

    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _entries.Count;
            }
        }
    }

    public void Add(Segment segment, long delayMs) => Add(new Entry(segment, null, "", delayMs, null));

    public void AddFile(string path, long delayMs) => Add(new Entry(null, null, path, delayMs, null));

    /// <param name="open">What has files open in it.</param>
    public void AddDirectory(string path, IDisposable? open, long delayMs) => Add(new Entry(null, open, path, delayMs, null));

    public void RunExpired(long nowMs)
    {
        List<Entry> due = [];
        lock (_gate)
        {
            var kept = new List<Entry>();
            foreach (var entry in _entries)
            {
                var timed = entry.DueMs is null ? entry with { DueMs = nowMs + Math.Min(entry.DelayMs, long.MaxValue - nowMs) } : entry;
                (timed.DueMs <= nowMs ? due : kept).Add(timed);
            }

            _entries = kept;
        }

        foreach (var entry in due)
        {
            Remove(entry);
        }
    }

    /// <summary>Closes what is open; the files are removed at the next start.</summary>
    public void CloseAll()
    {
        lock (_gate)
        {
            foreach (var entry in _entries)
            {
                entry.Segment?.Dispose();
                entry.Open?.Dispose();
            }

            _entries = [];
        }
    }

    private void Add(Entry entry)
    {
        lock (_gate)
        {
            _entries.Add(entry);
        }
    }

    private void Remove(Entry entry)
    {
        try
        {
            entry.Open?.Dispose();
            if (entry.Segment is not null)
            {
                entry.Segment.Delete();
            }
            else if (entry.Path.EndsWith(LogFileNames.DeletedDirectory, StringComparison.Ordinal))
            {
                files.DeleteDirectory(entry.Path);
            }
            else
            {
                files.DeleteFile(entry.Path);
            }
        }
        catch (IOException e)
        {
            // They are leftovers then, which the next start removes.
            StorageLog.DeletionFailed(logger, entry.Segment?.Path ?? entry.Path, e.Message);
        }
    }

    private sealed record Entry(Segment? Segment, IDisposable? Open, string Path, long DelayMs, long? DueMs);
}
