using OrleansBroker.Storage.Checkpoints;
using OrleansBroker.Storage.Files;
using OrleansBroker.Storage.Segments;

namespace OrleansBroker.Storage;

/// <summary>Makes a log's files survive a power loss, and their names: data first, then the directory, then the one above it.</summary>
internal sealed class LogFlusher(IFileSystem files, LeaderEpochCache epochs, bool namesFlushed)
{
    private bool _parentFlushed = namesFlushed;
    private Segment? _activeNamed;

    /// <summary>Not to be called by two threads at once.</summary>
    /// <param name="active">Null where the active segment need not be flushed.</param>
    public void Flush(string directory, Segment[] rolled, Segment? active)
    {
        var namesDue = epochs.FlushFile() || rolled.Length > 0;
        foreach (var segment in rolled)
        {
            try
            {
                segment.Flush(isActive: false);
            }
            catch (Exception e) when (segment.IsDeleted && e is IOException or ObjectDisposedException)
            {
                // Retention removed it meanwhile.
            }
        }

        if (active is not null)
        {
            active.Flush(isActive: true);
            namesDue |= !ReferenceEquals(_activeNamed, active);
        }

        if (namesDue)
        {
            files.FlushDirectory(directory);
            _activeNamed = active ?? _activeNamed;
        }

        if (!_parentFlushed)
        {
            files.FlushDirectory(directory[..directory.LastIndexOf('/')]);
            _parentFlushed = true;
        }
    }
}
