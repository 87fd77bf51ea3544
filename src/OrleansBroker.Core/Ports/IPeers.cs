using OrleansBroker.Core.Peers;
using OrleansBroker.Protocol;

namespace OrleansBroker.Core.Ports;

/// <summary>
/// Carries small questions between brokers: announcements, elections, changes of the catalog. Records never travel here. A message
/// is not changed once it is sent.
/// </summary>
public interface IPeers
{
    /// <summary>Asks a broker, itself included.</summary>
    /// <exception cref="IOException">It cannot be reached, or did not answer in time: it may or may not have acted.</exception>
    ValueTask<TReply> AskAsync<TReply>(BrokerId broker, PeerRequest<TReply> request, CancellationToken cancellation);
}
