using Microsoft.Extensions.Logging;
using OrleansBroker.Protocol;
using OrleansBroker.Storage.Files;
using OrleansBroker.Storage.Segments;

namespace OrleansBroker.Storage;

/// <summary>What I/O errors mean for a log: a full disk passes, any other one leaves it unknown what is on the disk.</summary>
/// <param name="failed">Called once when the log fails, while that is locked.</param>
internal sealed class LogHealth(TopicPartition partition, Action failed, ILogger logger)
{
    private volatile bool _failed;
    private volatile bool _diskFull;

    public bool IsFailed => _failed;

    public void Note(string what, IOException exception)
    {
        if (exception is DiskFullException full)
        {
            NoteDiskFull(full);
        }
        else if (exception is CorruptSegmentException)
        {
            // Found by a look at what lies on the disk; what is written now is as good as before.
            StorageLog.CorruptionFound(logger, partition, exception.Message);
        }
        else
        {
            Fail(what, exception);
        }
    }

    /// <summary>Said once, until there was room again.</summary>
    public void NoteDiskFull(DiskFullException exception)
    {
        if (!_diskFull)
        {
            _diskFull = true;
            StorageLog.DiskFull(logger, partition, exception.Message);
        }
    }

    public void NoteRoom() => _diskFull = false;

    public void Fail(string what, IOException exception)
    {
        if (_failed)
        {
            return;
        }

        _failed = true;
        StorageLog.LogFailed(logger, partition, $"{what}: {exception.Message}", exception);
        failed();
    }

    /// <summary>Out of use, which for whoever still appends is the same.</summary>
    public void Retire() => _failed = true;
}
