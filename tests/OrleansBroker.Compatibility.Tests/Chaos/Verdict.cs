using OrleansBroker.Compatibility.Tests.Drivers;

namespace OrleansBroker.Compatibility.Tests.Chaos;

/// <summary>Compares what the clients were told with what the brokers have on their disks.</summary>
internal sealed class Verdict
{
    private const int OffencesShown = 20;
    private readonly List<string> _offences = [];

    public string Offences => string.Join('\n', _offences.Take(OffencesShown)) + (_offences.Count > OffencesShown ? $"\nand {_offences.Count - OffencesShown} more" : string.Empty);

    public bool IsClean => _offences.Count == 0;

    /// <summary>All that has to hold when everything is over.</summary>
    /// <param name="directories">Of each broker's logs.</param>
    /// <param name="topic">Its name, and the high watermark of each partition.</param>
    /// <param name="groups">As <paramref name="topic"/>, for the topic that the group's commits are in.</param>
    /// <param name="assigned">The consumer that was assigned every partition.</param>
    /// <param name="group">The offset that is committed for each partition, and the names of the members.</param>
    public static Verdict Of(IReadOnlyList<string> directories, History history, (string Name, long[] Ends) topic, (string Name, long[] Ends) groups, string assigned, (long[] Committed, string[] Members) group)
    {
        Verdict verdict = Of(directories, history, topic);
        foreach (int partition in Enumerable.Range(0, topic.Ends.Length))
        {
            verdict.WithoutGaps(assigned, partition, history);
            verdict.Commits(partition, group.Committed[partition], group.Members, history);
        }
        foreach ((int partition, long end) in groups.Ends.Index().Where(each => each.Item > 0))
        {
            verdict.SameBytes(directories, groups.Name, partition, end);
        }
        verdict.Require(history.Commits > 0, "nothing was committed");
        return verdict;
    }

    /// <summary>As above, without a group and without a consumer.</summary>
    public static Verdict Of(IReadOnlyList<string> directories, History history, (string Name, long[] Ends) topic)
    {
        var verdict = new Verdict();
        foreach ((int partition, long end) in topic.Ends.Index())
        {
            List<StoredBatch> log = verdict.SameBytes(directories, topic.Name, partition, end);
            verdict.RecordsOf(partition, log.SelectMany(batch => batch.Records()), history);
        }
        foreach (string impossible in history.Impossible)
        {
            verdict.Require(false, impossible);
        }
        verdict.Require(!history.Acknowledged.IsEmpty, "nothing was acknowledged");
        return verdict;
    }

    /// <summary>Every replica has the same bytes below the high watermark; what they are.</summary>
    public List<StoredBatch> SameBytes(IEnumerable<string> directories, string topic, int partition, long highWatermark)
    {
        List<StoredBatch>[] replicas = [.. directories.Select(directory => ReplicaLog.Read(directory, topic, partition, highWatermark))];
        foreach ((int broker, List<StoredBatch> replica) in replicas.Index())
        {
            long end = replica.Count == 0 ? 0 : replica[^1].NextOffset;
            Require(end == highWatermark, $"{topic}-{partition}: the high watermark is {highWatermark}, and broker {broker} ends at {end}");
            int same = replicas[0].Zip(replica).TakeWhile(pair => pair.First.Bytes.Span.SequenceEqual(pair.Second.Bytes.Span)).Count();
            Require(same == Math.Max(replicas[0].Count, replica.Count), $"{topic}-{partition}: brokers 0 and {broker} differ from {At(replicas[0], same)} and {At(replica, same)} on");
        }
        return replicas[0];
    }

    /// <summary>Every acknowledged record is at its offset, none is there twice, and each producer's records are in the order it sent them.</summary>
    public void RecordsOf(int partition, IEnumerable<(long Offset, string? Value)> log, History history)
    {
        var atOffset = new Dictionary<long, string?>();
        var lastNumbers = new Dictionary<string, long>();
        foreach ((long offset, string? value) in log)
        {
            atOffset[offset] = value;
            string[] parts = value!.Split('/');
            long number = long.Parse(parts[2], System.Globalization.CultureInfo.InvariantCulture);
            long last = lastNumbers.GetValueOrDefault(parts[0], -1);
            Require(number > last, $"{value} at offset {offset} comes after {parts[0]}/{partition}/{last}");
            lastNumbers[parts[0]] = Math.Max(number, last);
        }
        foreach ((string value, _, long offset) in history.Acknowledged.Where(each => each.Partition == partition))
        {
            Require(atOffset.GetValueOrDefault(offset) == value, $"{value} was acknowledged at offset {offset} of partition {partition}, where {atOffset.GetValueOrDefault(offset) ?? "nothing"} is");
        }
        foreach ((string consumer, var seen) in history.Seen)
        {
            foreach (ConsumedRecord record in seen.Where(each => each.Partition == partition))
            {
                Require(atOffset.GetValueOrDefault(record.Offset) == record.Value, $"{consumer} was given {record.Value} at offset {record.Offset} of partition {partition}, where {atOffset.GetValueOrDefault(record.Offset) ?? "nothing"} is");
            }
        }
    }

    /// <summary>A consumer was given every offset of a partition, one after the other.</summary>
    public void WithoutGaps(string consumer, int partition, History history)
    {
        long expected = 0;
        foreach (ConsumedRecord record in history.Seen[consumer].Where(each => each.Partition == partition))
        {
            Require(record.Offset == expected, $"{consumer} was given offset {record.Offset} of partition {partition} after {expected - 1}");
            expected = record.Offset + 1;
        }
    }

    /// <summary>The group's offset is not lower than any that was acknowledged, and the group was given all that lies below it.</summary>
    public void Commits(int partition, long committed, string[] members, History history)
    {
        Require(committed >= history.Committed[partition], $"partition {partition}: {history.Committed[partition]} was committed, and {committed} is left of it");
        var given = members.SelectMany(member => history.Seen[member]).Where(record => record.Partition == partition).Select(record => record.Offset).ToHashSet();
        long skipped = Enumerable.Range(0, (int)Math.Max(committed, 0)).Count(offset => !given.Contains(offset));
        Require(skipped == 0, $"partition {partition}: {committed} is committed, but {skipped} records below were given to no member");
    }

    public void Require(bool holds, string offence)
    {
        if (!holds)
        {
            _offences.Add(offence);
        }
    }

    private static string At(List<StoredBatch> replica, int index) =>
        index < replica.Count ? $"offset {replica[index].BaseOffset} (epoch {replica[index].LeaderEpoch}, {replica[index].Bytes.Length} bytes)" : "their end";
}
