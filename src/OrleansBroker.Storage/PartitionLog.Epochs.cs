using OrleansBroker.Protocol;
using OrleansBroker.Storage.Producers;

namespace OrleansBroker.Storage;

/// <content>Who may append to the log and who may truncate it: the leader epoch that it was last given fences all others.</content>
public sealed partial class PartitionLog
{
    private (AppendOrigin Origin, LeaderEpoch Epoch)? _writer;

    /// <summary>Records that a leader epoch begins at the log end offset. From now on only that leader appends.</summary>
    /// <param name="isStored">
    /// The epoch stands in the partition's document, and cannot be used twice whatever this disk forgets: it is written to disk with
    /// its first batches. Otherwise it is on disk when this returns.
    /// </param>
    public void BeginLeadership(LeaderEpoch epoch, bool isStored = false)
    {
        lock (_gate)
        {
            _writer = (AppendOrigin.Client, epoch);
            try
            {
                Epochs.Assign(epoch, LogEndOffset, writes: !isStored);
            }
            catch (IOException e)
            {
                _health.Fail("leader epoch checkpoint", e);
            }
        }
    }

    /// <summary>From now on only what the leader of that epoch sends is appended, and only in its name is the log truncated.</summary>
    public void BeginFollowing(LeaderEpoch epoch)
    {
        lock (_gate)
        {
            _writer = (AppendOrigin.Replication, epoch);
        }
    }

    /// <summary>Drops all records from an offset on, in the name of the leader that this log follows.</summary>
    /// <returns>False where the log has another leader epoch by now, or leads itself: nothing was dropped.</returns>
    /// <exception cref="IOException">The log has failed.</exception>
    public bool TryTruncateTo(long offset, LeaderEpoch epoch)
    {
        lock (_flushGate)
        lock (_gate)
        {
            if (_writer != (AppendOrigin.Replication, epoch))
            {
                return false;
            }

            Cut(offset);

            // Also of a log that is not cut: an epoch in which this broker led and appended nothing, and which its leader may not know.
            Epochs.TruncateFromEnd(LogEndOffset);
        }

        _cutBack(this);
        return true;
    }

    /// <summary>
    /// Drops all that there is and goes on at an offset that the leader has, in the name of that leader: the two logs have nothing
    /// in common. What lies before the offset counts as committed.
    /// </summary>
    /// <returns>False where the log has another leader epoch by now, or leads itself: nothing was dropped.</returns>
    /// <exception cref="IOException">The log has failed.</exception>
    public bool TryStartAnewAt(long offset, LeaderEpoch epoch, long nowMs)
    {
        lock (_flushGate)
        lock (_gate)
        {
            if (_writer != (AppendOrigin.Replication, epoch))
            {
                return false;
            }

            _changed = true;
            _positions.Clear();
            try
            {
                // First, so that their removal is durable before anything is appended: none of them counts for what comes now.
                ProducerSnapshots.RemoveAll(_files, Directory);
                _segments.StartAnewAt(offset, nowMs, _config);
                _offsets.StartAnewAt(offset);
                Epochs.Clear();
                _producers.Clear(offset);
                _producers.SnapshotOffset = offset;
            }
            catch (IOException e)
            {
                _health.Fail("start anew", e);
                throw;
            }

            _positions.NoteAppend(offset, Active, 0);
        }

        _cutBack(this);
        return true;
    }

    /// <summary>Drops all records from an offset on.</summary>
    /// <exception cref="IOException">The log has failed.</exception>
    public void TruncateTo(long offset)
    {
        // No flush goes on meanwhile: it would count what is appended in the place of what it flushed as flushed.
        lock (_flushGate)
        lock (_gate)
        {
            Cut(offset);
        }

        _cutBack(this);
    }

    private void Cut(long offset)
    {
        if (offset >= LogEndOffset)
        {
            return;
        }

        _changed = true;
        _positions.Clear();
        try
        {
            var end = Math.Max(_segments.BatchBoundary(offset), LogStartOffset);
            _offsets.TruncateTo(end);
            _segments.TruncateTo(end, _config);
            Epochs.TruncateFromEnd(end);
            ProducerSnapshots.Rebuild(
                _files, _logger, Partition, Directory, _producers, CurrentSegments, LogStartOffset, end, canSkip: false);
        }
        catch (IOException e)
        {
            _health.Fail("truncation", e);
            throw;
        }
    }

    // Nobody is fenced from a log that was never given to anybody.
    private bool IsWriter(in AppendOptions options) =>
        (_writer is not { } writer || (writer.Epoch == options.Epoch && (writer.Origin == AppendOrigin.Replication) == (options.Origin == AppendOrigin.Replication)))
        && (options.EndOffset is not { } end || end == LogEndOffset);
}
