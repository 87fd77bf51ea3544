namespace OrleansBroker.Protocol.Records.Compression;

/// <summary>Where a codec decompresses to: room is handed out in pieces that grow with what was really written.</summary>
internal ref struct BoundedOutput(PooledBuffer destination, int bytesMax, int sourceBytes)
{
    /// <summary>The first piece: what usual records expand to, so that most batches are done in one.</summary>
    private readonly int _firstPieceBytes = (int)Math.Min(Math.Max(4L * sourceBytes, 4096), 1 << 20);

    private int _written;

    /// <summary>
    /// Room for more bytes, never none: one more than is allowed, so that a codec need not know of the limit
    /// and whoever writes too much is found out by <see cref="Advance"/>.
    /// </summary>
    public readonly Span<byte> Room()
    {
        var left = (long)bytesMax - _written + 1;
        var span = destination.GetSpan((int)Math.Min(left, _written == 0 ? _firstPieceBytes : 4096));
        return span[..(int)Math.Min(span.Length, left)];
    }

    /// <summary>Room for exactly <paramref name="count"/> bytes that are announced.</summary>
    public readonly Span<byte> Room(int count)
    {
        if (count > bytesMax - _written)
        {
            throw TooLarge();
        }

        return destination.GetSpan(count)[..count];
    }

    public void Advance(int count)
    {
        if (count > bytesMax - _written)
        {
            throw TooLarge();
        }

        destination.Advance(count);
        _written += count;
    }

    public void Write(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(Room(bytes.Length));
        Advance(bytes.Length);
    }

    private readonly MalformedMessageException TooLarge() => new($"compressed records hold more than {bytesMax} bytes");
}
