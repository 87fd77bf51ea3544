using OrleansBroker.Core;
using OrleansBroker.Protocol.Wire;
using OrleansBroker.Server.Network;

namespace OrleansBroker.Server.Dispatch;

/// <summary>A line of the <see cref="ApiTable"/>: an API that is served, in which versions, and why not in all.</summary>
/// <param name="Api">The versions that the message file describes.</param>
/// <param name="VersionMin">The lowest version that is served.</param>
/// <param name="VersionMax">The highest version that is served.</param>
/// <param name="Note">What of the API is not served, or why fewer versions are than described; empty where it is whole.</param>
/// <param name="Bind">Makes the endpoint that serves the API for one broker's listener.</param>
internal sealed record ServedApi(
    ApiDescription Api,
    short VersionMin,
    short VersionMax,
    string Note,
    Func<ServedApi, BrokerServices, ListenerOptions, Endpoint> Bind);
