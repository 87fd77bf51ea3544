using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Records;
using OrleansBroker.Storage.Segments;

namespace OrleansBroker.Storage.Cleaning;

/// <summary>Reads the dirty part of a log into an offset map.</summary>
internal sealed class OffsetMapBuilder(BatchScanner scanner, BatchOpener opener)
{
    /// <summary>
    /// Returns the offset up to which every record is in the map: <see cref="CleanableRange.FirstUncleanable"/>, or less where the
    /// map became full. The next run goes on from there, if need be in the middle of a batch.
    /// </summary>
    public long Fill(OffsetMap map, Segment[] segments, CleanableRange range, CancellationToken cancellation)
    {
        for (var i = SegmentArray.Floor(segments, range.FirstDirty); segments[i].BaseOffset < range.FirstUncleanable; i++)
        {
            var segment = segments[i];
            var end = segment.SizeBytes;
            var start = segment.BaseOffset < range.FirstDirty ? segment.Find(range.FirstDirty, end)?.Position ?? end : 0;
            scanner.Start(segment, start, end, segment.BaseOffset, segments[i + 1].BaseOffset);
            while (scanner.TryNext(cancellation, out var batch))
            {
                if (batch.LastOffset >= range.FirstDirty && !batch.IsControl && !TryAdd(map, segment, batch, range.FirstDirty, out var full))
                {
                    return full;
                }
            }
        }

        return range.FirstUncleanable;
    }

    /// <summary>False where the map is full; then <paramref name="full"/> is the offset of the first record that is not in it.</summary>
    private bool TryAdd(OffsetMap map, Segment segment, RecordBatchView batch, long firstDirty, out long full)
    {
        try
        {
            var reader = opener.Open(batch);
            var lastDelta = -1;
            while (BatchOpener.TryRead(ref reader, batch, ref lastDelta, out var record))
            {
                full = batch.BaseOffset + record.OffsetDelta;
                if (record.HasKey && full >= firstDirty && !map.TryPut(record.Key, full))
                {
                    return false;
                }
            }

            full = -1;
            return true;
        }
        catch (MalformedMessageException e)
        {
            throw BatchOpener.Corrupt(segment, batch, e);
        }
    }
}
