using OrleansBroker.Protocol;

namespace OrleansBroker.Client.Consuming;

/// <summary>
/// What a consumer knows of a partition that it reads. Everything in it is under the <see cref="FetchBuffer"/>'s lock. Whenever
/// the application says where to go on, or not to, the version changes, and what was fetched or asked for under an older one
/// is passed over when it comes.
/// </summary>
internal sealed class PartitionFetch(TopicPartition name, long start)
{
    public TopicPartition Name => name;

    public int Version { get; private set; }

    /// <summary>The next record that the application gets; below 0 one of <see cref="Offset"/>, until it was looked up.</summary>
    public long Position { get; private set; } = start;

    /// <summary>The next record to ask for: what lies between has been fetched, and waits for the application.</summary>
    public long FetchOffset { get; private set; } = start;

    /// <summary>The leader epoch of the last record before <see cref="FetchOffset"/>, -1 where it is not known.</summary>
    public int LastFetchedEpoch { get; private set; } = -1;

    /// <summary>Fetched, and not consumed.</summary>
    public long BufferedBytes { get; set; }

    public bool IsPaused { get; private set; }

    /// <summary>Why it is not read on; the application has been told or will be.</summary>
    public bool HasFailed { get; set; }

    /// <summary>When it may be asked for again after an error.</summary>
    public long NotBeforeMs { get; set; }

    /// <summary>The replica that the leader said is nearer (KIP-392), -1 for the leader, and until when.</summary>
    public int NearReplica { get; set; } = -1;

    public long NearUntilMs { get; set; }

    /// <summary>As of the last fetch, -1 before it.</summary>
    public long HighWatermark { get; set; } = -1;

    public long LogStartOffset { get; set; } = -1;

    public bool IsResolved => FetchOffset >= 0;

    public bool IsWanted => !IsPaused && !HasFailed;

    /// <summary>Goes on from another place; what was fetched is dropped.</summary>
    public void Seek(long offset, int leaderEpoch = -1)
    {
        Version++;
        Position = FetchOffset = offset;
        LastFetchedEpoch = leaderEpoch;
        HasFailed = false;
        NotBeforeMs = 0;
    }

    /// <summary>What was fetched is dropped, and asked for again when the partition is resumed.</summary>
    public void Pause(bool isPaused)
    {
        if (isPaused != IsPaused)
        {
            Seek(Position);
            IsPaused = isPaused;
        }
    }

    /// <summary>What stood for a place was looked up.</summary>
    public void Resolve(long offset, int leaderEpoch) => (Position, FetchOffset, LastFetchedEpoch) = (offset, offset, leaderEpoch);

    public void NoteFetched(long nextOffset, int leaderEpoch) => (FetchOffset, LastFetchedEpoch) = (nextOffset, leaderEpoch);

    public void NoteConsumed(long nextOffset) => Position = nextOffset;
}
