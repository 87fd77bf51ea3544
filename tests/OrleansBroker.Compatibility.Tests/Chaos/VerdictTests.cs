using System.Buffers.Binary;
using System.Text;
using OrleansBroker.Compatibility.Tests.Broker;
using OrleansBroker.Compatibility.Tests.Drivers;

namespace OrleansBroker.Compatibility.Tests.Chaos;

/// <summary>The chaos test is worth what its verdict finds: each offence, planted in a history that is otherwise clean.</summary>
public sealed class VerdictTests : IDisposable
{
    private const string Topic = "t";
    private readonly TemporaryDirectory _directory = new();
    private readonly History _history = new(partitions: 1);

    public VerdictTests()
    {
        _history.NoteAcknowledged([("p/0/0", 0, 0), ("p/0/1", 0, 1), ("p/0/2", 0, 2)]);
        _history.NoteSeen("assigned", [Consumed(0), Consumed(1), Consumed(2)]);
        _history.NoteProcessed("member", [Consumed(0), Consumed(1)]);
        _history.NoteCommitted([[0, 2]]);
    }

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void A_clean_history_is_clean() => Assert.Equal(string.Empty, Judge([Clean, Clean], committed: 2));

    [Fact]
    public void An_acknowledged_record_that_is_not_there_is_found() =>
        Assert.Contains("p/0/2 was acknowledged", Judge([Clean[..2], Clean[..2]], committed: 2), StringComparison.Ordinal);

    [Fact]
    public void An_acknowledged_record_in_another_place_is_found() =>
        Assert.Contains("p/0/1 was acknowledged at offset 1", Judge([["p/0/0", "q/0/0", "p/0/2"], ["p/0/0", "q/0/0", "p/0/2"]], committed: 2), StringComparison.Ordinal);

    [Fact]
    public void A_record_that_is_there_twice_is_found() =>
        Assert.Contains("p/0/2 at offset 3 comes after", Judge([[.. Clean, "p/0/2"], [.. Clean, "p/0/2"]], committed: 2), StringComparison.Ordinal);

    [Fact]
    public void A_record_out_of_order_is_found() =>
        Assert.Contains("p/0/3 at offset 4 comes after", Judge([[.. Clean, "p/0/4", "p/0/3"], [.. Clean, "p/0/4", "p/0/3"]], committed: 2), StringComparison.Ordinal);

    [Fact]
    public void Replicas_that_differ_are_found() =>
        Assert.Contains("brokers 0 and 1 differ from offset 1", Judge([Clean, ["p/0/0", "p/0/9", "p/0/2"]], committed: 2), StringComparison.Ordinal);

    [Fact]
    public void A_replica_that_is_shorter_is_found() =>
        Assert.Contains("broker 1 ends at 2", Judge([Clean, Clean[..2]], committed: 2), StringComparison.Ordinal);

    [Fact]
    public void A_consumed_record_that_is_gone_is_found()
    {
        _history.NoteSeen("assigned", [new ConsumedRecord(Topic, 0, 3, 0, null, "gone", [])]);

        Assert.Contains("was given gone at offset 3", Judge([Clean, Clean], committed: 2), StringComparison.Ordinal);
    }

    [Fact]
    public void A_gap_in_what_a_consumer_was_given_is_found()
    {
        _history.NoteSeen("assigned", [new ConsumedRecord(Topic, 0, 4, 0, null, "p/0/4", [])]);

        Assert.Contains("was given offset 4 of partition 0 after 2", Judge([Clean, Clean], committed: 2), StringComparison.Ordinal);
    }

    [Fact]
    public void A_commit_that_is_gone_is_found() =>
        Assert.Contains("2 was committed, and 1 is left of it", Judge([Clean, Clean], committed: 1), StringComparison.Ordinal);

    [Fact]
    public void A_commit_of_what_nobody_was_given_is_found() =>
        Assert.Contains("1 records below were given to no member", Judge([Clean, Clean], committed: 3), StringComparison.Ordinal);

    private static string[] Clean => ["p/0/0", "p/0/1", "p/0/2"];

    private static ConsumedRecord Consumed(int offset) => new(Topic, 0, offset, 0, null, Clean[offset], []);

    private string Judge(string[][] replicas, long committed)
    {
        string[] directories = [.. replicas.Select((values, i) => Store(_directory.Below($"{i}"), values))];
        var verdict = new Verdict();
        List<StoredBatch> log = verdict.SameBytes(directories, Topic, 0, replicas[0].Length);
        verdict.RecordsOf(0, log.SelectMany(batch => batch.Records()), _history);
        verdict.WithoutGaps("assigned", 0, _history);
        verdict.Commits(0, committed, ["member"], _history);
        return verdict.Offences;
    }

    /// <summary>Writes a log of one record a batch and two batches a segment.</summary>
    private static string Store(string directory, string[] values)
    {
        string partition = Directory.CreateDirectory(Path.Combine(directory, $"{Topic}-0")).FullName;
        foreach (var segment in values.Index().Chunk(2))
        {
            File.WriteAllBytes(Path.Combine(partition, $"{segment[0].Index:d20}.log"), [.. segment.SelectMany(each => Batch(each.Index, each.Item))]);
        }
        return directory;
    }

    private static byte[] Batch(int offset, string value)
    {
        const int headerBytes = 61;
        byte[] text = Encoding.UTF8.GetBytes(value);
        // Length, attributes, timestamp delta, offset delta, no key, length of the value, the value, no headers; all varints are zigzag.
        byte[] record = [(byte)((text.Length + 6) << 1), 0, 0, 0, 1, (byte)(text.Length << 1), .. text, 0];
        var batch = new byte[headerBytes + record.Length];
        BinaryPrimitives.WriteInt64BigEndian(batch, offset);
        BinaryPrimitives.WriteInt32BigEndian(batch.AsSpan(8), batch.Length - 12);
        record.CopyTo(batch, headerBytes);
        return batch;
    }
}
