using System.Collections.Concurrent;
using System.Diagnostics;
using OrleansBroker.Compatibility.Tests.Drivers;

namespace OrleansBroker.Compatibility.Tests.Chaos;

/// <summary>What the clients were told while it happened.</summary>
internal sealed class History(int partitions)
{
    private readonly Lock _lock = new();
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private readonly long[] _committed = [.. Enumerable.Repeat(ClientDriver.NoOffset, partitions)];
    private readonly long[] _processed = new long[partitions];
    private readonly long[] _acknowledged = new long[partitions];
    private (TimeSpan Wait, int Partition) _longestWaitSinceAsked;
    private readonly Stopwatch[] _sinceAcknowledgement = [.. Enumerable.Range(0, partitions).Select(_ => Stopwatch.StartNew())];

    /// <summary>Records with the partition and offset that their producer was told.</summary>
    public ConcurrentQueue<(string Value, int Partition, long Offset)> Acknowledged { get; } = new();

    /// <summary>What any consumer was given, by consumer.</summary>
    public ConcurrentDictionary<string, ConcurrentQueue<ConsumedRecord>> Seen { get; } = new();

    /// <summary>What a client was told that cannot be, each as a line.</summary>
    public ConcurrentQueue<string> Impossible { get; } = new();

    public int Commits { get; private set; }

    /// <summary>The longest that any partition was without an acknowledgement.</summary>
    public TimeSpan LongestWait { get; private set; }

    /// <summary>When that was over, since the beginning.</summary>
    public TimeSpan LongestWaitEnd { get; private set; }

    /// <summary>The longest that any partition was without an acknowledgement, whether or not it still is, since this was asked last; and which.</summary>
    public (TimeSpan Wait, int Partition) TakeLongestWait()
    {
        lock (_lock)
        {
            var longest = _sinceAcknowledgement.Select((since, partition) => (since.Elapsed, partition)).Append(_longestWaitSinceAsked).Max();
            _longestWaitSinceAsked = default;
            return longest;
        }
    }

    /// <summary>The greatest offset of each partition whose commit was acknowledged; <see cref="ClientDriver.NoOffset"/> where there is none.</summary>
    public long[] Committed
    {
        get
        {
            lock (_lock)
            {
                return [.. _committed];
            }
        }
    }

    /// <summary>The offset after the last record of each partition that any member of the group was given.</summary>
    public long[] Processed
    {
        get
        {
            lock (_lock)
            {
                return [.. _processed];
            }
        }
    }

    /// <summary>How many records have been acknowledged, by partition.</summary>
    public long[] AcknowledgedOf()
    {
        lock (_lock)
        {
            return [.. _acknowledged];
        }
    }

    public void NoteAcknowledged(IEnumerable<(string Value, int Partition, long Offset)> records)
    {
        lock (_lock)
        {
            foreach (var record in records)
            {
                Acknowledged.Enqueue(record);
                _acknowledged[record.Partition]++;
                Stopwatch since = _sinceAcknowledgement[record.Partition];
                _longestWaitSinceAsked = since.Elapsed > _longestWaitSinceAsked.Wait ? (since.Elapsed, record.Partition) : _longestWaitSinceAsked;
                if (since.Elapsed > LongestWait)
                {
                    (LongestWait, LongestWaitEnd) = (since.Elapsed, _clock.Elapsed);
                }
                since.Restart();
            }
        }
    }

    public void NoteSeen(string consumer, ConsumedRecord[] records)
    {
        ConcurrentQueue<ConsumedRecord> seen = Seen.GetOrAdd(consumer, _ => new());
        foreach (ConsumedRecord record in records)
        {
            seen.Enqueue(record);
        }
    }

    public void NoteProcessed(string member, ConsumedRecord[] records)
    {
        NoteSeen(member, records);
        lock (_lock)
        {
            foreach (ConsumedRecord record in records)
            {
                _processed[record.Partition] = Math.Max(_processed[record.Partition], record.Offset + 1);
            }
        }
    }

    /// <param name="offsets">Pairs of partition and offset.</param>
    public void NoteCommitted(long[][] offsets)
    {
        lock (_lock)
        {
            Commits++;
            foreach (long[] each in offsets)
            {
                _committed[each[0]] = Math.Max(_committed[each[0]], each[1]);
            }
        }
    }
}
