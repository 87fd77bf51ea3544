using System.Buffers.Binary;
using OrleansBroker.Protocol.Records;
using OrleansBroker.Storage.Files;

namespace OrleansBroker.Storage.Producers;

/// <summary>
/// A <c>.snapshot</c> file: the producers of a log as of the offset that names the file, big-endian:
/// <code>
///  0          2        6        10
///  +----------+--------+--------+---------------------------
///  | version  | CRC32C | count  | entries
///  |    1     | of what follows |
///  +----------+--------+--------+---------------------------
///  entry, 46 bytes:
///  0          8        10         14       22         26          34            38
///  +----------+--------+----------+--------+----------+-----------+-------------+------------------+
///  | producer | epoch  | last     | last   | offset   | timestamp | coordinator | current trans-   |
///  | id       | int16  | sequence | offset | delta    |           | epoch       | action, or -1    |
///  +----------+--------+----------+--------+----------+-----------+-------------+------------------+
///  offset delta: last offset minus first offset of the last batch
///
///  behind the entries, where any producer has earlier batches: their count (4 bytes), and of each, 32 bytes, those of one
///  producer together and oldest first, producers in the order of the entries:
///  0          8          12         20         24
///  +----------+----------+----------+----------+-----------+
///  | producer | last     | last     | offset   | timestamp |
///  | id       | sequence | offset   | delta    |           |
///  +----------+----------+----------+----------+-----------+
/// </code>
/// Kafka writes the entries alone and reads nothing behind them, though its CRC covers it. After a restart it refuses a retry of any
/// batch but the last as out of order, which a client that has several in flight sends after every stop of a leader.
/// </summary>
internal static class ProducerSnapshotFile
{
    private const short Version = 1;
    private const int CrcAt = 2;
    private const int CountAt = 6;
    private const int EntriesAt = 10;
    private const int EntryBytes = 46;
    private const int EarlierCountBytes = 4;
    private const int EarlierBytes = 32;

    public static byte[] Format(IReadOnlyCollection<ProducerState> producers)
    {
        var earlier = producers.Sum(producer => Math.Max(0, producer.BatchCount - 1));
        var entriesEnd = EntriesAt + (producers.Count * EntryBytes);
        var bytes = new byte[entriesEnd + (earlier == 0 ? 0 : EarlierCountBytes + (earlier * EarlierBytes))];
        BinaryPrimitives.WriteInt16BigEndian(bytes, Version);
        BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(CountAt), producers.Count);
        var entry = bytes.AsSpan(EntriesAt);
        foreach (var producer in producers)
        {
            var last = producer.LastBatch;
            BinaryPrimitives.WriteInt64BigEndian(entry, producer.ProducerId);
            BinaryPrimitives.WriteInt16BigEndian(entry[8..], producer.Epoch);
            BinaryPrimitives.WriteInt32BigEndian(entry[10..], last.LastSequence);
            BinaryPrimitives.WriteInt64BigEndian(entry[14..], last.LastOffset);
            BinaryPrimitives.WriteInt32BigEndian(entry[22..], (int)(last.LastOffset - last.FirstOffset));
            BinaryPrimitives.WriteInt64BigEndian(entry[26..], producer.LastTimestampMs);
            BinaryPrimitives.WriteInt32BigEndian(entry[34..], producer.CoordinatorEpoch);
            BinaryPrimitives.WriteInt64BigEndian(entry[38..], producer.CurrentTransactionStartOffset);
            entry = entry[EntryBytes..];
        }

        if (earlier > 0)
        {
            BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(entriesEnd), earlier);
            FormatEarlier(bytes.AsSpan(entriesEnd + EarlierCountBytes), producers);
        }

        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(CrcAt), Crc32C.Compute(bytes.AsSpan(CountAt)));
        return bytes;
    }

    /// <summary>False where the bytes are no whole snapshot.</summary>
    public static bool TryParse(ReadOnlySpan<byte> bytes, List<ProducerState> producers)
    {
        if (bytes.Length < EntriesAt
            || BinaryPrimitives.ReadInt16BigEndian(bytes) != Version
            || BinaryPrimitives.ReadUInt32BigEndian(bytes[CrcAt..]) != Crc32C.Compute(bytes[CountAt..])
            || !TryFindEarlier(bytes, out var entriesEnd, out var earlier))
        {
            return false;
        }

        for (var entry = bytes[EntriesAt..entriesEnd]; entry.Length > 0; entry = entry[EntryBytes..])
        {
            producers.Add(ParseEntry(entry, ref earlier));
        }

        return earlier.Length == 0;
    }

    public static void Write(IFileSystem files, string directory, long offset, IReadOnlyCollection<ProducerState> producers) =>
        files.Replace(directory, LogFileNames.ForOffset(offset, LogFileNames.ProducerSnapshot), Format(producers), flush: false);

    private static void FormatEarlier(Span<byte> rest, IReadOnlyCollection<ProducerState> producers)
    {
        foreach (var producer in producers)
        {
            for (var i = 0; i < producer.BatchCount - 1; i++)
            {
                var batch = producer.Batch(i);
                BinaryPrimitives.WriteInt64BigEndian(rest, producer.ProducerId);
                BinaryPrimitives.WriteInt32BigEndian(rest[8..], batch.LastSequence);
                BinaryPrimitives.WriteInt64BigEndian(rest[12..], batch.LastOffset);
                BinaryPrimitives.WriteInt32BigEndian(rest[20..], (int)(batch.LastOffset - batch.FirstOffset));
                BinaryPrimitives.WriteInt64BigEndian(rest[24..], batch.TimestampMs);
                rest = rest[EarlierBytes..];
            }
        }
    }

    // A file that Kafka wrote ends with the entries.
    private static bool TryFindEarlier(ReadOnlySpan<byte> bytes, out int entriesEnd, out ReadOnlySpan<byte> earlier)
    {
        var end = EntriesAt + ((long)BinaryPrimitives.ReadUInt32BigEndian(bytes[CountAt..]) * EntryBytes);
        entriesEnd = (int)Math.Min(end, bytes.Length);
        earlier = bytes[entriesEnd..];
        if (earlier.Length < EarlierCountBytes)
        {
            return end == bytes.Length;
        }

        var count = BinaryPrimitives.ReadUInt32BigEndian(earlier);
        earlier = earlier[EarlierCountBytes..];
        return earlier.Length == (long)count * EarlierBytes;
    }

    private static ProducerState ParseEntry(ReadOnlySpan<byte> entry, ref ReadOnlySpan<byte> earlier)
    {
        var epoch = BinaryPrimitives.ReadInt16BigEndian(entry[8..]);
        var timestampMs = BinaryPrimitives.ReadInt64BigEndian(entry[26..]);
        var state = new ProducerState(BinaryPrimitives.ReadInt64BigEndian(entry))
        {
            CoordinatorEpoch = BinaryPrimitives.ReadInt32BigEndian(entry[34..]),
            CurrentTransactionStartOffset = BinaryPrimitives.ReadInt64BigEndian(entry[38..]),
        };
        for (; earlier.Length > 0 && BinaryPrimitives.ReadInt64BigEndian(earlier) == state.ProducerId; earlier = earlier[EarlierBytes..])
        {
            state.Add(epoch, ParseBatch(earlier[8..], BinaryPrimitives.ReadInt64BigEndian(earlier[24..])));
        }

        var last = ParseBatch(entry[10..], timestampMs);
        if (last is { LastOffset: >= 0, LastSequence: >= 0 })
        {
            state.Add(epoch, last);
        }
        else
        {
            state.SetEpoch(epoch, timestampMs);
        }

        return state;
    }

    private static ProducerBatch ParseBatch(ReadOnlySpan<byte> bytes, long timestampMs)
    {
        var lastSequence = BinaryPrimitives.ReadInt32BigEndian(bytes);
        var lastOffset = BinaryPrimitives.ReadInt64BigEndian(bytes[4..]);
        var offsetDelta = BinaryPrimitives.ReadInt32BigEndian(bytes[12..]);
        return new ProducerBatch(ProducerBatch.Before(lastSequence, offsetDelta), lastSequence, lastOffset - offsetDelta, lastOffset, timestampMs);
    }
}
