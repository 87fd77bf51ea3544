using System.Net;
using System.Net.Sockets;
using Orleans.Messaging;

namespace OrleansBroker.Abstractions.Client;

/// <summary>The gateways that the options name, looked up again and again: a silo may come back on another address.</summary>
internal sealed class NamedGateways(OrleansBrokerGrainClientOptions options) : IGatewayListProvider
{
    public TimeSpan MaxStaleness => TimeSpan.FromSeconds(10);

    public bool IsUpdatable => true;

    public Task InitializeGatewayListProvider() => Task.CompletedTask;

    public async Task<IList<Uri>> GetGateways()
    {
        var gateways = new List<Uri>();
        foreach (var gateway in options.Gateways)
        {
            gateways.AddRange(await ResolveAsync(gateway));
        }

        return gateways;
    }

    private static async Task<IEnumerable<Uri>> ResolveAsync(string gateway)
    {
        if (!OrleansBrokerGrainClientOptionsValidator.TryParse(gateway, out var endpoint) || endpoint is not DnsEndPoint name)
        {
            return endpoint is IPEndPoint address ? [address.ToGatewayUri()] : [];
        }

        try
        {
            return (await Dns.GetHostAddressesAsync(name.Host)).Select(address => new IPEndPoint(address, name.Port).ToGatewayUri());
        }
        catch (SocketException)
        {
            // The others may be known.
            return [];
        }
    }
}
