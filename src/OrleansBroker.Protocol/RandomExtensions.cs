namespace OrleansBroker.Protocol;

/// <summary>What is made of chance, from a source that a test can seed.</summary>
public static class RandomExtensions
{
    /// <summary>A UUID of version 4.</summary>
    public static Guid NextGuid(this Random random)
    {
        Span<byte> bytes = stackalloc byte[16];
        random.NextBytes(bytes);
        bytes[6] = (byte)((bytes[6] & 0x0F) | 0x40);
        bytes[8] = (byte)((bytes[8] & 0x3F) | 0x80);
        return new Guid(bytes, bigEndian: true);
    }

    /// <summary>A source for one part alone, which may then ask it in whatever order it pleases. To be called while the parts are put together.</summary>
    public static Random Fork(this Random random) => new(random.Next());
}
