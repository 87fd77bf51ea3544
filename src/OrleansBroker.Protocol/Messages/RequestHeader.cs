using OrleansBroker.Protocol.Wire;

namespace OrleansBroker.Protocol.Messages;

/// <summary>
/// What every request begins with: <c>api key int16 | version int16 | correlation id int32 | client id nullable string</c>,
/// then in header version 2 the tagged fields. The client id never takes the compact form, so that a broker can read the
/// header of a request whose version it does not know (KIP-511).
/// </summary>
public struct RequestHeader
{
    public ApiKey ApiKey;
    public short ApiVersion;
    public int CorrelationId;
    public string? ClientId;

    /// <summary>Reads the fixed fields and the client id.</summary>
    public static RequestHeader Read(ref WireReader reader)
    {
        var header = default(RequestHeader);
        short key = 0;
        reader.Int16(ref key, 0, short.MaxValue, nameof(ApiKey));
        header.ApiKey = (ApiKey)key;
        reader.Int16(ref header.ApiVersion, 0, short.MaxValue, nameof(ApiVersion));
        reader.Int32(ref header.CorrelationId, 0, short.MaxValue, nameof(CorrelationId));
        reader.NullableString(ref header.ClientId, 0, short.MaxValue, 0, nameof(ClientId));
        return header;
    }
}
