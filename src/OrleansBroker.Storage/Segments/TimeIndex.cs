using System.Buffers.Binary;
using OrleansBroker.Storage.Files;

namespace OrleansBroker.Storage.Segments;

/// <summary>
/// From which offset on a timestamp is to be looked for:
/// <code>
///  0                  8                12
///  +------------------+----------------+
///  | greatest time-   | its offset,    | ...  big-endian, both grow from entry to entry
///  | stamp so far, ms | minus base     |
///  +------------------+----------------+
/// </code>
/// All batches up to the offset have timestamps no greater. The last entry of a closed segment has the segment's greatest.
/// </summary>
internal sealed class TimeIndex(IFileSystem files, string path, long baseOffset) : IndexFile(files, path, Bytes)
{
    private const int Bytes = 12;
    private const int OffsetAt = 8;

    /// <summary>Greatest timestamp and its offset; (-1, base offset) where there is none.</summary>
    public (long TimestampMs, long Offset) Last => Count == 0 ? (-1, baseOffset) : (TimestampOf(Count - 1), OffsetOf(Count - 1));

    /// <summary>False where there is no room for it. A timestamp that is not greater than the last adds nothing.</summary>
    public bool TryAdd(long timestampMs, long offset, int bytesMax)
    {
        if (timestampMs <= Last.TimestampMs || !OffsetRange.Holds(baseOffset, offset))
        {
            return true;
        }

        var entry = NewEntry(bytesMax);
        if (entry.IsEmpty)
        {
            return false;
        }

        BinaryPrimitives.WriteInt64BigEndian(entry, timestampMs);
        BinaryPrimitives.WriteInt32BigEndian(entry[OffsetAt..], (int)(offset - baseOffset));
        return true;
    }

    /// <summary>The offset to start looking from for the first record that is not older.</summary>
    public long OffsetFor(long timestampMs)
    {
        int low = 0, high = Count;
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (TimestampOf(middle) < timestampMs)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low == 0 ? baseOffset : OffsetOf(low - 1);
    }

    public void TruncateTo(long endOffset)
    {
        var count = Count;
        while (count > 0 && OffsetOf(count - 1) >= endOffset)
        {
            count--;
        }

        Truncate(count);
    }

    /// <summary>Whether the entries ascend. All are looked at, once: any of them may steer a search.</summary>
    public bool IsSane()
    {
        var (timestampMs, offset) = (long.MinValue, baseOffset);
        for (var i = 0; i < Count; i++)
        {
            if (TimestampOf(i) <= timestampMs || OffsetOf(i) < offset)
            {
                return false;
            }

            (timestampMs, offset) = (TimestampOf(i), OffsetOf(i));
        }

        return true;
    }

    private long TimestampOf(int index) => BinaryPrimitives.ReadInt64BigEndian(Entry(index));

    private long OffsetOf(int index) => baseOffset + BinaryPrimitives.ReadInt32BigEndian(Entry(index)[OffsetAt..]);
}
