using System.Globalization;
using System.Text;

namespace OrleansBroker.Core.Producers;

/// <summary>
/// A run of producer ids reserved for one broker: from <paramref name="Next"/> up to but not including <paramref name="End"/>.
/// The document <c>producer-ids</c> holds the end of the last block that was reserved, as a decimal number.
/// </summary>
public readonly record struct ProducerIdBlock(long Next, long End)
{
    public const string DocumentName = "producer-ids";

    /// <summary>Ids a block; what is left of one is lost when the broker stops.</summary>
    public const int BlockIds = 1000;

    public bool IsUsedUp => Next >= End;

    /// <summary>The block that follows what the document says has been reserved, and the document that reserves it.</summary>
    /// <exception cref="FormatException">The document is not a number.</exception>
    public static (ProducerIdBlock Block, byte[] Document) Reserve(ReadOnlySpan<byte> document, bool exists)
    {
        var reserved = exists ? long.Parse(Encoding.ASCII.GetString(document), NumberStyles.None, CultureInfo.InvariantCulture) : 0;
        var end = reserved + BlockIds;
        return (new ProducerIdBlock(reserved, end), Encoding.ASCII.GetBytes(end.ToString(CultureInfo.InvariantCulture)));
    }
}
