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

    /// <summary>Reads the fixed fields and the client id, with a reader that is not flexible; <see cref="RequestFraming.ReadBody"/> reads on from there.</summary>
    public static RequestHeader Read(ref WireReader reader)
    {
        var header = default(RequestHeader);
        header.Describe(ref reader);
        return header;
    }

    /// <summary>Names the fields; the codec is not to be a flexible one.</summary>
    internal void Describe<TCodec>(ref TCodec codec)
        where TCodec : struct, IWireCodec, allows ref struct
    {
        var key = (short)ApiKey;
        codec.Int16(ref key);
        ApiKey = (ApiKey)key;
        codec.Int16(ref ApiVersion);
        codec.Int32(ref CorrelationId);
        codec.NullableString(ref ClientId);
    }
}
