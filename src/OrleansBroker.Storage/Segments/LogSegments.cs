using OrleansBroker.Storage.Files;

namespace OrleansBroker.Storage.Segments;

/// <summary>
/// A log's segments and the ways they come and go. What changes them is guarded by the log's lock; <see cref="Current"/> is
/// an array that is replaced and never changed, so that reads need none.
/// </summary>
internal sealed class LogSegments
{
    private readonly IFileSystem _files;
    private readonly DeferredDeletions _deletions;
    private readonly List<Segment> _rolledUnflushed = [];

    // They open files and rename them long after they were made: in this log's directory, never in that of a log of the same name.
    private readonly List<Segment> _cleaned = [];
    private volatile Segment[] _current;

    /// <param name="segments">At least one.</param>
    /// <param name="recoveryPoint">Closed segments that end behind it are not flushed.</param>
    public LogSegments(IFileSystem files, DeferredDeletions deletions, string directory, Segment[] segments, long recoveryPoint)
    {
        _files = files;
        _deletions = deletions;
        _current = segments;
        Directory = directory;
        for (var i = 0; i + 1 < segments.Length; i++)
        {
            if (segments[i + 1].BaseOffset > recoveryPoint)
            {
                _rolledUnflushed.Add(segments[i]);
            }
        }
    }

    public string Directory { get; private set; }

    /// <summary>Oldest first, at least one.</summary>
    public Segment[] Current => _current;

    /// <summary>The one that is appended to.</summary>
    public Segment Active => _current[^1];

    /// <summary>Closed segments whose files may not survive a power loss.</summary>
    public Segment[] RolledUnflushed() => [.. _rolledUnflushed];

    public void NoteFlushed(Segment[] flushed) => _rolledUnflushed.RemoveAll(flushed.Contains);

    /// <summary>Goes on in a new segment. The new file comes first: until it is there, the old segment stays the active one.</summary>
    /// <returns>False where the active segment is empty and begins there already.</returns>
    public bool Roll(long baseOffset, long nowMs, LogConfig config)
    {
        var old = Active;
        if (old.SizeBytes == 0 && old.BaseOffset == baseOffset)
        {
            return false;
        }

        var created = Segment.Create(_files, Directory, baseOffset, "", nowMs, config.Preallocate ? config.SegmentBytes : 0);
        old.Seal(config);
        _rolledUnflushed.Add(old);
        _current = [.. _current, created];
        return true;
    }

    /// <summary>Removes so many of the oldest, not all of them.</summary>
    public void RemoveFirst(int count, LogConfig config)
    {
        var removed = _current[..count];
        _current = _current[count..];
        Discard(removed, config);
    }

    /// <summary>Where the batch begins that an offset lies in; the offset itself where it lies in none.</summary>
    public long BatchBoundary(long offset)
    {
        var segment = _current[SegmentArray.Floor(_current, offset)];
        return segment.Find(offset, segment.SizeBytes) is { } batch ? Math.Min(batch.BaseOffset, offset) : offset;
    }

    /// <summary>
    /// Drops everything and goes on in an empty segment. From the end on, and before the new segment comes: a crash in between
    /// leaves the beginning of the old log, or nothing.
    /// </summary>
    public void StartAnewAt(long offset, long nowMs, LogConfig config)
    {
        var removed = _current.AsSpan().ToArray();
        Array.Reverse(removed);
        Discard(removed, config);
        _files.FlushDirectory(Directory);
        _current = [Segment.Create(_files, Directory, offset, "", nowMs, config.Preallocate ? config.SegmentBytes : 0)];
    }

    /// <summary>Drops everything from an offset on, which lies in or behind the first segment.</summary>
    public void TruncateTo(long offset, LogConfig config)
    {
        var kept = SegmentArray.Floor(_current, offset) + 1;
        var removed = _current[kept..];
        _current = _current[..kept];
        _rolledUnflushed.Remove(Active);

        // From the end on, so that a crash in between leaves no hole.
        Array.Reverse(removed);
        Discard(removed, config);
        _files.FlushDirectory(Directory);
        Active.TruncateTo(offset);

        // What was cut off must not come back with a power loss: the log would hold what no leader has, and take it for committed.
        Active.Flush(isActive: true);
    }

    /// <summary>A segment for the cleaner to fill.</summary>
    public Segment CreateCleaned(long baseOffset, long nowMs)
    {
        _cleaned.RemoveAll(segment => segment.IsRemoved);
        var created = Segment.Create(_files, Directory, baseOffset, LogFileNames.Cleaned, nowMs);
        _cleaned.Add(created);
        return created;
    }

    /// <summary>The first half of a replacement, which needs no lock: cleaned segments become durable, and <c>.swap</c>.</summary>
    public void PrepareReplace(IReadOnlyList<Segment> cleaned, LogConfig config)
    {
        foreach (var segment in cleaned)
        {
            segment.Seal(config);
            segment.Flush(isActive: false);
        }

        // The greatest first: recovery drops every .swap at or behind the first .cleaned.
        for (var i = cleaned.Count - 1; i >= 0; i--)
        {
            cleaned[i].ChangeSuffix(LogFileNames.Swap);
        }

        _files.FlushDirectory(Directory);
    }

    /// <summary>The second half of a replacement: cleaned segments, which are <c>.swap</c> by now, take the place of others.</summary>
    /// <returns>False where the others are not there any more; the cleaned segments are gone then.</returns>
    public bool TryReplace(IReadOnlyList<Segment> cleaned, IReadOnlyList<Segment> replaced)
    {
        var current = _current;
        var first = Array.IndexOf(current, replaced[0]);
        if (first < 0 || first + replaced.Count >= current.Length || current[first + replaced.Count - 1] != replaced[^1])
        {
            Abandon(cleaned);
            return false;
        }

        _current = [.. current.AsSpan(0, first), .. cleaned, .. current.AsSpan(first + replaced.Count)];
        _rolledUnflushed.RemoveAll(replaced.Contains);
        foreach (var segment in replaced)
        {
            segment.ChangeSuffix(LogFileNames.Deleted);
        }

        foreach (var segment in cleaned)
        {
            segment.ChangeSuffix("");
            _cleaned.Remove(segment);
        }

        return true;
    }

    /// <summary>Removes cleaned segments that take no other's place.</summary>
    public static void Abandon(IReadOnlyList<Segment> cleaned)
    {
        foreach (var segment in cleaned)
        {
            segment.Delete();
        }
    }

    /// <summary>Has the files of segments that are out of use removed later.</summary>
    public void Retire(IReadOnlyList<Segment> segments, LogConfig config)
    {
        foreach (var segment in segments)
        {
            _deletions.Add(segment, config.FileDeleteDelayMs);
        }
    }

    /// <summary>Renames the directory with everything in it.</summary>
    public void MoveTo(string directory)
    {
        foreach (var segment in _current)
        {
            segment.ReleaseMaps();
        }

        _files.RenameDirectory(Directory, directory);
        Directory = directory;
        foreach (var segment in _current.Concat(_cleaned))
        {
            segment.MoveTo(directory);
        }
    }

    private void Discard(Segment[] segments, LogConfig config)
    {
        _rolledUnflushed.RemoveAll(segments.Contains);
        foreach (var segment in segments)
        {
            segment.ChangeSuffix(LogFileNames.Deleted);
            _files.DeleteFile(LogFileNames.ForOffset(Directory, segment.BaseOffset, LogFileNames.ProducerSnapshot));
        }

        Retire(segments, config);
    }
}
