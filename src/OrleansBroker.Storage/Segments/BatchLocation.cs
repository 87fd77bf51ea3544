namespace OrleansBroker.Storage.Segments;

/// <summary>A batch in a segment, as its header tells.</summary>
/// <param name="Position">In bytes.</param>
internal readonly record struct BatchLocation(int Position, int SizeBytes, long BaseOffset, long LastOffset, long MaxTimestampMs)
{
    public int EndPosition => Position + SizeBytes;
}
