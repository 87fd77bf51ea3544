using OrleansBroker.Storage.Segments;

namespace OrleansBroker.Storage.Cleaning;

/// <summary>Divides neighbouring segments into groups that fit into one segment each, so that compaction does not leave ever smaller ones.</summary>
internal static class SegmentGroups
{
    /// <summary>Of an entry of the time index, the longer of the two.</summary>
    private const int IndexEntryBytes = 12;

    /// <param name="segments">Those to compact and, last, the one that follows them.</param>
    public static IEnumerable<Segment[]> Of(ReadOnlyMemory<Segment> segments, LogConfig config)
    {
        var bytesMax = Math.Min(config.SegmentBytes, (long)config.SegmentIndexBytes / IndexEntryBytes * config.IndexIntervalBytes);
        var start = 0;
        var count = segments.Length - 1;
        while (start < count)
        {
            var end = start + 1;
            var bytes = segments.Span[start].SizeBytes;
            while (end < count && bytes + segments.Span[end].SizeBytes <= bytesMax && OffsetsFit(segments.Span, start, end))
            {
                bytes += segments.Span[end++].SizeBytes;
            }

            yield return segments[start..end].ToArray();
            start = end;
        }
    }

    /// <summary>Indexes count offsets in 32 bits after the base offset.</summary>
    private static bool OffsetsFit(ReadOnlySpan<Segment> segments, int start, int last) =>
        segments[last + 1].BaseOffset - 1 - segments[start].BaseOffset <= int.MaxValue;
}
