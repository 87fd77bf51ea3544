using OrleansBroker.Core;
using OrleansBroker.Protocol;
using OrleansBroker.Server.Network;

namespace OrleansBroker.Server.Dispatch;

/// <summary>The endpoints of one broker's listener, by API. What connections share (fetch sessions) is in here.</summary>
internal sealed class EndpointTable
{
    private readonly Endpoint?[] _endpoints;

    private EndpointTable(Endpoint?[] endpoints) => _endpoints = endpoints;

    public static EndpointTable Bind(BrokerServices broker, ListenerOptions options)
    {
        var endpoints = new Endpoint?[ApiTable.Served.Max(served => (int)served.Api.Key) + 1];
        foreach (var served in ApiTable.Served)
        {
            endpoints[(int)served.Api.Key] = served.Bind(served, broker, options);
        }

        return new EndpointTable(endpoints);
    }

    public Endpoint? Find(ApiKey key) => (uint)key < (uint)_endpoints.Length ? _endpoints[(int)key] : null;
}
