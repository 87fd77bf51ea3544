using System.Buffers.Binary;
using OrleansBroker.Storage.Files;

namespace OrleansBroker.Storage.Segments;

/// <summary>
/// Where in a segment an offset lies, roughly:
/// <code>
///  0                4          8
///  +----------------+----------+
///  | offset, minus  | position | ...  big-endian, both grow from entry to entry
///  | base offset    | in bytes |
///  +----------------+----------+
/// </code>
/// The position is that of a batch which begins at or before the offset; the offset is the last of one append.
/// </summary>
internal sealed class OffsetIndex(IFileSystem files, string path, long baseOffset) : IndexFile(files, path, Bytes)
{
    private const int Bytes = 8;
    private const int PositionAt = 4;

    /// <summary>False where there is no room for it.</summary>
    public bool TryAdd(long offset, int position, int bytesMax)
    {
        if (!OffsetRange.Holds(baseOffset, offset) || (Count > 0 && (offset <= OffsetAt(Count - 1) || position <= PositionOf(Count - 1))))
        {
            return true;
        }

        var entry = NewEntry(bytesMax);
        if (entry.IsEmpty)
        {
            return false;
        }

        BinaryPrimitives.WriteInt32BigEndian(entry, (int)(offset - baseOffset));
        BinaryPrimitives.WriteInt32BigEndian(entry[PositionAt..], position);
        return true;
    }

    /// <summary>Where to start looking for an offset.</summary>
    public int PositionFor(long offset)
    {
        int low = 0, high = Count;
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (OffsetAt(middle) <= offset)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low == 0 ? 0 : PositionOf(low - 1);
    }

    /// <summary>The last known beginning of a batch at or before a position.</summary>
    public int BoundaryBefore(int position)
    {
        int low = 0, high = Count;
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (PositionOf(middle) <= position)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low == 0 ? 0 : PositionOf(low - 1);
    }

    /// <summary>Drops what points at or behind the end of the segment.</summary>
    public void TruncateTo(long endOffset, int endPosition)
    {
        var count = Count;
        while (count > 0 && (OffsetAt(count - 1) >= endOffset || PositionOf(count - 1) >= endPosition))
        {
            count--;
        }

        Truncate(count);
    }

    /// <summary>Whether the entries ascend and point into the segment. All are looked at, once: any of them may steer a search.</summary>
    public bool IsSane(long segmentBytes)
    {
        var (offset, position) = (baseOffset - 1, -1);
        for (var i = 0; i < Count; i++)
        {
            if (OffsetAt(i) <= offset || PositionOf(i) <= position || PositionOf(i) >= segmentBytes)
            {
                return false;
            }

            (offset, position) = (OffsetAt(i), PositionOf(i));
        }

        return true;
    }

    private long OffsetAt(int index) => baseOffset + BinaryPrimitives.ReadInt32BigEndian(Entry(index));

    private int PositionOf(int index) => BinaryPrimitives.ReadInt32BigEndian(Entry(index)[PositionAt..]);
}
