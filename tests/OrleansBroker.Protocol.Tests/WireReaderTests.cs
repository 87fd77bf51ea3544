using OrleansBroker.Protocol.Wire;

namespace OrleansBroker.Protocol.Tests;

public sealed class WireReaderTests
{
    [Fact]
    public void A_string_longer_than_the_frame_is_malformed()
    {
        Assert.Throws<MalformedMessageException>(() =>
        {
            var reader = new WireReader(new byte[] { 0, 9, (byte)'x' }, version: 0, flexible: false);
            var text = string.Empty;
            reader.String(ref text, 0, short.MaxValue, nameof(text));
        });
    }
}
