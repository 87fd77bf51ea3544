using System.Buffers.Binary;
using System.Text;

namespace OrleansBroker.Core.Groups;

/// <summary>
/// The head of what a consumer says about itself when it joins, which is all that a coordinator reads of it:
/// <code>
/// int16 version · int32 count · count × (int16 length · UTF-8 topic) · user data · owned partitions (v1) · ...
/// </code>
/// </summary>
internal static class Subscription
{
    /// <summary>Adds the topics; false where the bytes are something else, which other protocols may well be.</summary>
    public static bool TryReadTopics(ReadOnlySpan<byte> metadata, HashSet<string> topics)
    {
        if (metadata.Length < 6 || BinaryPrimitives.ReadInt16BigEndian(metadata) < 0)
        {
            return false;
        }

        var count = BinaryPrimitives.ReadInt32BigEndian(metadata[2..]);
        metadata = metadata[6..];
        for (; count > 0; count--)
        {
            if (metadata.Length < 2)
            {
                return false;
            }

            var length = BinaryPrimitives.ReadInt16BigEndian(metadata);
            if (length < 0 || length > metadata.Length - 2)
            {
                return false;
            }

            topics.Add(Encoding.UTF8.GetString(metadata.Slice(2, length)));
            metadata = metadata[(2 + length)..];
        }

        return count == 0;
    }
}
