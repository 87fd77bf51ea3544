namespace OrleansBroker.Storage.Segments;

internal static class OffsetRange
{
    /// <summary>Whether an index can name the offset, in 31 bits after the base offset. In a damaged segment there may be any.</summary>
    public static bool Holds(long baseOffset, long offset) => offset >= baseOffset && offset - baseOffset <= int.MaxValue;
}
