using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Messages;
using OrleansBroker.Protocol.Wire;

namespace OrleansBroker.Client.Connections;

/// <summary>Which versions of which APIs a broker serves, as it said when the connection was made.</summary>
internal sealed class ApiVersionTable(ApiVersionsResponse response)
{
    private readonly Dictionary<short, (short Min, short Max)> _ranges =
        response.ApiKeys.ToDictionary(api => api.ApiKey, api => (api.MinVersion, api.MaxVersion));

    /// <summary>The highest version that both sides have and that is not above <paramref name="versionMax"/>.</summary>
    /// <exception cref="KafkaException">UnsupportedVersion: there is none.</exception>
    public short Choose(ApiDescription api, short versionMax = short.MaxValue)
    {
        if (!_ranges.TryGetValue((short)api.Key, out var served))
        {
            throw new KafkaException(ErrorCode.UnsupportedVersion, $"the broker does not serve {api.Key}");
        }

        var highest = Math.Min(Math.Min(served.Max, api.VersionMax), versionMax);
        return highest >= Math.Max(served.Min, api.VersionMin)
            ? highest
            : throw new KafkaException(
                ErrorCode.UnsupportedVersion,
                $"the broker serves {api.Key} in versions {served.Min} to {served.Max}, this client has {api.VersionMin} to {Math.Min(api.VersionMax, versionMax)}");
    }
}
