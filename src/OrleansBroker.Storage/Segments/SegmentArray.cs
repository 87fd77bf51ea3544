namespace OrleansBroker.Storage.Segments;

/// <summary>A log's segments, ordered by base offset: an array that is replaced and never changed, so that reads need no lock.</summary>
internal static class SegmentArray
{
    /// <summary>The index of the segment that an offset belongs to; the first where it lies before all.</summary>
    public static int Floor(Segment[] segments, long offset)
    {
        // Most reads are of the last.
        var last = segments.Length - 1;
        if (segments[last].BaseOffset <= offset)
        {
            return last;
        }

        int low = 0, high = last;
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (segments[middle].BaseOffset <= offset)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return Math.Max(low - 1, 0);
    }

    /// <summary>The base offset of the segment that follows one which is not the last.</summary>
    public static long NextBaseOffset(Segment[] segments, Segment segment) => segments[Floor(segments, segment.BaseOffset) + 1].BaseOffset;

    public static long SizeBytes(Segment[] segments)
    {
        long bytes = 0;
        foreach (var segment in segments)
        {
            bytes += segment.SizeBytes;
        }

        return bytes;
    }
}
