namespace OrleansBroker.Protocol.Records;

/// <summary>
/// The record batches of one partition in a request or a response: bytes in memory, or a stretch of an
/// <see cref="IRecordSource"/> that the transport sends without looking at it. <c>default</c> is the wire's null.
/// </summary>
public readonly struct RecordSet
{
    private readonly bool _present;

    /// <summary>Batches in memory. The memory may belong to a connection's frame and is then valid only while its request is handled.</summary>
    public RecordSet(ReadOnlyMemory<byte> memory)
    {
        _present = true;
        Memory = memory;
        Length = memory.Length;
    }

    /// <summary><paramref name="length"/> bytes of <paramref name="source"/> from <paramref name="position"/> on.</summary>
    public RecordSet(IRecordSource source, long position, int length)
    {
        _present = true;
        Source = source;
        Position = position;
        Length = length;
    }

    /// <summary>No batch at all, which is not null on the wire.</summary>
    public static RecordSet Empty => new(ReadOnlyMemory<byte>.Empty);

    public bool IsNull => !_present;

    public ReadOnlyMemory<byte> Memory { get; }

    public IRecordSource? Source { get; }

    /// <summary>Where in <see cref="Source"/> the batches begin, in bytes.</summary>
    public long Position { get; }

    /// <summary>Bytes.</summary>
    public int Length { get; }

    /// <summary>Copies all of it; <paramref name="destination"/> holds at least <see cref="Length"/> bytes.</summary>
    public void CopyTo(Span<byte> destination)
    {
        if (Source is null)
        {
            Memory.Span.CopyTo(destination);
            return;
        }

        var copied = Source.Read(Position, destination[..Length]);
        if (copied != Length)
        {
            throw new IOException($"a record source ended {Length - copied} bytes early");
        }
    }
}
