namespace OrleansBroker.Core.Diagnostics;

/// <summary>What a broker counts from its start on, where it happens; whoever wants to know reads it now and then.</summary>
public sealed class BrokerCounters
{
    private long _appendedRecords;
    private long _appendedBytes;
    private long _isrShrinks;
    private long _isrExpands;
    private long _elections;
    private long _uncleanElections;

    /// <summary>Records that clients appended to partitions which this broker leads.</summary>
    public long AppendedRecords => Volatile.Read(ref _appendedRecords);

    /// <summary>Of the batches of <see cref="AppendedRecords"/>, as they are stored.</summary>
    public long AppendedBytes => Volatile.Read(ref _appendedBytes);

    public long IsrShrinks => Volatile.Read(ref _isrShrinks);

    public long IsrExpands => Volatile.Read(ref _isrExpands);

    /// <summary>Elections that this broker won.</summary>
    public long Elections => Volatile.Read(ref _elections);

    /// <summary>Elections in spite of a possible loss.</summary>
    public long UncleanElections => Volatile.Read(ref _uncleanElections);

    public void NoteAppended(long records, long bytes)
    {
        Interlocked.Add(ref _appendedRecords, records);
        Interlocked.Add(ref _appendedBytes, bytes);
    }

    /// <param name="before">How many replicas were in sync.</param>
    /// <param name="after">How many are now.</param>
    public void NoteIsr(int before, int after)
    {
        if (after < before)
        {
            Interlocked.Increment(ref _isrShrinks);
        }
        else if (after > before)
        {
            Interlocked.Increment(ref _isrExpands);
        }
    }

    public void NoteElection() => Interlocked.Increment(ref _elections);

    public void NoteUncleanElection() => Interlocked.Increment(ref _uncleanElections);
}
