using OrleansBroker.Protocol;
using OrleansBroker.Simulator.Engine;

namespace OrleansBroker.Simulator.Invariants;

/// <summary>
/// What clients were told: every record that was sent, what became of it, and what consumers saw at which offset. Clients write it,
/// and what contradicts it is found at once or at the end.
/// </summary>
internal sealed class Ledger(World world)
{
    private readonly Dictionary<string, SentRecord> _sent = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, TopicTraits> _topics = new(StringComparer.Ordinal);
    private readonly HashSet<(long Id, short Epoch)> _producers = [];
    private readonly Dictionary<TopicPartition, SortedDictionary<long, string>> _seen = [];
    private readonly Dictionary<TopicPartition, long> _last = [];

    public World World => world;

    public int AckedRecords { get; private set; }

    public int ReadRecords { get; private set; }

    public IEnumerable<SentRecord> Sent => _sent.Values;

    /// <summary>The topics that clients use, in the order of their names.</summary>
    public IEnumerable<TopicTraits> Topics => _topics.Values;

    public void Add(TopicTraits topic) => _topics.Add(topic.Name, topic);

    public TopicTraits TraitsOf(string topic) => _topics[topic];

    /// <summary>Whether what is committed in a topic survives every fault of the plan. Topics that the ledger does not know are the brokers' own, or nobody's.</summary>
    public bool IsDurable(string topic) => _topics.TryGetValue(topic, out var traits) ? traits.IsDurable : topic.StartsWith("__", StringComparison.Ordinal);

    public void Send(SentRecord record) => _sent.Add(record.Value, record);

    /// <summary>A producer was told that its record is at this offset.</summary>
    public void Acknowledge(SentRecord record, long offset)
    {
        record.Offset = offset;
        record.IsAcknowledged = true;
        AckedRecords++;
        if (!TraitsOf(record.Partition.Topic).IsDurable || record.Acks != -1)
        {
            return;
        }

        See(record.Partition, offset, record.Value, "was acknowledged");
    }

    /// <summary>A consumer was given this record.</summary>
    public void Read(TopicPartition partition, long offset, string value)
    {
        ReadRecords++;
        if (!_sent.TryGetValue(value, out var record) || record.Partition != partition)
        {
            throw new SimulationFailure("invented record", $"{partition} has at {offset} what was never sent to it: {value}");
        }

        if (TraitsOf(partition.Topic).IsDurable)
        {
            See(partition, offset, value, "was read");
            CheckDuplicate(record, offset);
        }
    }

    /// <summary>A producer was given this id and epoch, which nobody else ever has.</summary>
    public void Claim(long producerId, short producerEpoch, string producer)
    {
        if (!_producers.Add((producerId, producerEpoch)))
        {
            throw new SimulationFailure("producer id", $"{producer} was given producer id {producerId} epoch {producerEpoch}, which another has");
        }
    }

    /// <summary>What must be readable at the end: offset and value, in order.</summary>
    public IReadOnlyDictionary<long, string> SeenIn(TopicPartition partition) => SeenOf(partition);

    /// <summary>The last offset that was acknowledged or read, -1 where there is none.</summary>
    public long LastSeenIn(TopicPartition partition) => _last.GetValueOrDefault(partition, -1);

    private static void CheckDuplicate(SentRecord record, long offset)
    {
        if (record.IsIdempotent && record.SeenAt >= 0 && record.SeenAt != offset)
        {
            throw new SimulationFailure("duplicate", $"{record.Value} of an idempotent producer stands in {record.Partition} at {record.SeenAt} and at {offset}");
        }

        record.SeenAt = offset;
    }

    private void See(TopicPartition partition, long offset, string value, string how)
    {
        var seen = SeenOf(partition);
        if (seen.TryGetValue(offset, out var before) && before != value)
        {
            throw new SimulationFailure("inconsistent offset", $"{partition} {how} with {value} at {offset}, where {before} was acknowledged or read before");
        }

        seen[offset] = value;
        _last[partition] = Math.Max(LastSeenIn(partition), offset);
    }

    private SortedDictionary<long, string> SeenOf(TopicPartition partition)
    {
        if (!_seen.TryGetValue(partition, out var seen))
        {
            _seen[partition] = seen = [];
        }

        return seen;
    }
}
