using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace OrleansBroker.Embedded;

/// <summary>An entry of <c>listeners</c> or <c>advertised.listeners</c>: <c>PLAINTEXT://host:port</c>. An empty host means every address.</summary>
internal sealed record ListenerAddress(string Name, string Host, int Port)
{
    private const string SchemeEnd = "://";

    public override string ToString() => Host.Contains(':', StringComparison.Ordinal)
        ? string.Create(CultureInfo.InvariantCulture, $"[{Host}]:{Port}")
        : string.Create(CultureInfo.InvariantCulture, $"{Host}:{Port}");

    /// <exception cref="BrokerStartException">Not of that form, or a security protocol that is not served.</exception>
    public static ListenerAddress Parse(string configuration, string text)
    {
        var scheme = text.IndexOf(SchemeEnd, StringComparison.Ordinal);
        var colon = text.LastIndexOf(':');
        if (scheme <= 0 || colon < scheme + SchemeEnd.Length
            || !int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port) || port > ushort.MaxValue)
        {
            throw new BrokerStartException($"{configuration}: {text} is not one address of the form PLAINTEXT://HOST:PORT");
        }

        var name = text[..scheme];
        if (!name.Equals("PLAINTEXT", StringComparison.OrdinalIgnoreCase))
        {
            throw new BrokerStartException($"{configuration}: {name} is not served, only PLAINTEXT is");
        }

        return new ListenerAddress(name, text[(scheme + SchemeEnd.Length)..colon].TrimStart('[').TrimEnd(']'), port);
    }

    /// <summary>The address to bind.</summary>
    /// <exception cref="BrokerStartException">The host has no address.</exception>
    public IPEndPoint Resolve()
    {
        if (Host.Length == 0)
        {
            return new IPEndPoint(Socket.OSSupportsIPv6 ? IPAddress.IPv6Any : IPAddress.Any, Port);
        }

        try
        {
            var addresses = IPAddress.TryParse(Host, out var literal) ? [literal] : Dns.GetHostAddresses(Host);
            var address = addresses.FirstOrDefault(found => found.AddressFamily == AddressFamily.InterNetwork) ?? addresses[0];
            return new IPEndPoint(address, Port);
        }
        catch (SocketException e)
        {
            throw new BrokerStartException($"listeners: {Host} has no address: {e.Message}", e);
        }
    }

    /// <summary>What clients are told where nothing else is configured: this host, or the machine's name where every address is listened on.</summary>
    public ListenerAddress Advertised(int boundPort) =>
        this with { Port = boundPort, Host = Host is "" or "0.0.0.0" or "::" ? Dns.GetHostName() : Host };
}
