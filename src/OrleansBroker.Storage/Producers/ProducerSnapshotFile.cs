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
/// </code>
/// Only the last batch of each producer is kept, so after a restart only a retry of that one is known as a duplicate.
/// </summary>
internal static class ProducerSnapshotFile
{
    private const short Version = 1;
    private const int CrcAt = 2;
    private const int CountAt = 6;
    private const int EntriesAt = 10;
    private const int EntryBytes = 46;

    public static byte[] Format(IReadOnlyCollection<ProducerState> producers)
    {
        var bytes = new byte[EntriesAt + (producers.Count * EntryBytes)];
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

        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(CrcAt), Crc32C.Compute(bytes.AsSpan(CountAt)));
        return bytes;
    }

    /// <summary>False where the bytes are no whole snapshot.</summary>
    public static bool TryParse(ReadOnlySpan<byte> bytes, List<ProducerState> producers)
    {
        if (bytes.Length < EntriesAt
            || BinaryPrimitives.ReadInt16BigEndian(bytes) != Version
            || BinaryPrimitives.ReadUInt32BigEndian(bytes[CrcAt..]) != Crc32C.Compute(bytes[CountAt..])
            || bytes.Length - EntriesAt != (long)BinaryPrimitives.ReadInt32BigEndian(bytes[CountAt..]) * EntryBytes)
        {
            return false;
        }

        for (var entry = bytes[EntriesAt..]; entry.Length > 0; entry = entry[EntryBytes..])
        {
            producers.Add(ParseEntry(entry));
        }

        return true;
    }

    public static void Write(IFileSystem files, string directory, long offset, IReadOnlyCollection<ProducerState> producers) =>
        files.Replace(directory, LogFileNames.ForOffset(offset, LogFileNames.ProducerSnapshot), Format(producers), flush: false);

    private static ProducerState ParseEntry(ReadOnlySpan<byte> entry)
    {
        var epoch = BinaryPrimitives.ReadInt16BigEndian(entry[8..]);
        var lastSequence = BinaryPrimitives.ReadInt32BigEndian(entry[10..]);
        var lastOffset = BinaryPrimitives.ReadInt64BigEndian(entry[14..]);
        var offsetDelta = BinaryPrimitives.ReadInt32BigEndian(entry[22..]);
        var timestampMs = BinaryPrimitives.ReadInt64BigEndian(entry[26..]);
        var state = new ProducerState(BinaryPrimitives.ReadInt64BigEndian(entry))
        {
            CoordinatorEpoch = BinaryPrimitives.ReadInt32BigEndian(entry[34..]),
            CurrentTransactionStartOffset = BinaryPrimitives.ReadInt64BigEndian(entry[38..]),
        };
        if (lastOffset >= 0 && lastSequence >= 0)
        {
            var first = ProducerBatch.Before(lastSequence, offsetDelta);
            state.Add(epoch, new ProducerBatch(first, lastSequence, lastOffset - offsetDelta, lastOffset, timestampMs));
        }
        else
        {
            state.SetEpoch(epoch, timestampMs);
        }

        return state;
    }
}
