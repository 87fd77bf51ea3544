using System.Globalization;

namespace OrleansBroker.Client.Connections;

/// <summary>Where a broker listens.</summary>
internal readonly record struct BrokerEndpoint(string Host, int Port)
{
    /// <summary><c>host:port</c> or <c>[address]:port</c>, several with commas between them.</summary>
    /// <exception cref="ArgumentException">One of them is neither, or there is none.</exception>
    public static BrokerEndpoint[] ParseAll(string servers)
    {
        var parts = servers.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return parts.Length > 0
            ? Array.ConvertAll(parts, Parse)
            : throw new ArgumentException("bootstrap.servers names no broker", nameof(servers));
    }

    public override string ToString() => Host.Contains(':', StringComparison.Ordinal)
        ? string.Create(CultureInfo.InvariantCulture, $"[{Host}]:{Port}")
        : string.Create(CultureInfo.InvariantCulture, $"{Host}:{Port}");

    private static BrokerEndpoint Parse(string server)
    {
        var colon = server.LastIndexOf(':');
        var host = colon > 0 ? server[..colon] : string.Empty;
        var isAddress = host.StartsWith('[') && host.EndsWith(']');
        host = isAddress ? host[1..^1] : host;
        return host.Length > 0
            && (isAddress || !host.Contains(':', StringComparison.Ordinal))
            && int.TryParse(server.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port)
            && port is > 0 and <= ushort.MaxValue
            ? new BrokerEndpoint(host, port)
            : throw new ArgumentException($"bootstrap.servers: '{server}' is not host:port", nameof(server));
    }
}
