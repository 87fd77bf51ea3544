namespace OrleansBroker.Protocol.Wire;

/// <summary>
/// The short strings that one connection has sent lately (topic names, client ids), so that each is allocated once and not
/// once a request. Direct-mapped and of fixed size; not safe for use by two threads at once.
/// </summary>
public sealed class StringCache
{
    private const int Slots = 64;

    /// <summary>Longer strings are not kept: a topic name has at most 249 characters.</summary>
    private const int BytesMax = 256;

    private readonly (byte[] Bytes, string Text)[] _entries = new (byte[], string)[Slots];

    internal string Get(ReadOnlySpan<byte> utf8)
    {
        if (utf8.IsEmpty)
        {
            return string.Empty;
        }

        if (utf8.Length > BytesMax)
        {
            return FrameCursor.Decode(utf8);
        }

        var hash = new HashCode();
        hash.AddBytes(utf8);
        ref var entry = ref _entries[hash.ToHashCode() & (Slots - 1)];
        if (entry.Bytes is null || !utf8.SequenceEqual(entry.Bytes))
        {
            entry = (utf8.ToArray(), FrameCursor.Decode(utf8));
        }

        return entry.Text;
    }
}
