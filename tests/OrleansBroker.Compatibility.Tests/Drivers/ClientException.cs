namespace OrleansBroker.Compatibility.Tests.Drivers;

/// <summary>What a client raised: the broker's error code where it told one, and its own words.</summary>
internal sealed class ClientException(int? code, string message) : Exception(message)
{
    public int? Code { get; } = code;
}
