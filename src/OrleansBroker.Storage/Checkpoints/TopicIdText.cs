using System.Buffers.Text;

namespace OrleansBroker.Storage.Checkpoints;

/// <summary>Ids as Kafka prints them: the 16 bytes, big-endian, in base64url without padding.</summary>
public static class TopicIdText
{
    private const int IdBytes = 16;

    public static string Format(Guid id)
    {
        Span<byte> bytes = stackalloc byte[IdBytes];
        id.TryWriteBytes(bytes, bigEndian: true, out _);
        return Base64Url.EncodeToString(bytes);
    }

    public static Guid? TryParse(ReadOnlySpan<char> text)
    {
        Span<byte> bytes = stackalloc byte[IdBytes];
        return Base64Url.IsValid(text, out var length) && length == IdBytes && Base64Url.TryDecodeFromChars(text, bytes, out _)
            ? new Guid(bytes, bigEndian: true)
            : null;
    }
}
