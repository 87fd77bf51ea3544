using OrleansBroker.Protocol;

namespace OrleansBroker.Core.Ports;

/// <summary>Hands out producer ids, each at most once in the life of a cluster.</summary>
public interface IProducerIds
{
    /// <exception cref="IOException">A new block could not be reserved; the client may ask again.</exception>
    ValueTask<ProducerId> NextAsync(CancellationToken cancellation);
}
