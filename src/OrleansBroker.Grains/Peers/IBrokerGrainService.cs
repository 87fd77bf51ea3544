using Orleans.Concurrency;
using Orleans.Services;
using OrleansBroker.Core.Peers.Wire;

namespace OrleansBroker.Grains.Peers;

/// <summary>A broker as the other brokers of the cluster reach it: addressed by its silo.</summary>
[Alias("OrleansBroker.Broker")]
public interface IBrokerGrainService : IGrainService
{
    /// <summary>Tells who asks, and asks who is there. Null while no broker is open there.</summary>
    [Alias("Introduce")]
    [AlwaysInterleave]
    Task<BrokerIntroduction?> IntroduceAsync(BrokerIntroduction? caller);

    /// <summary>Whether this silo sees for itself that the process of another has ended: see <see cref="Membership.Refusals"/>.</summary>
    [Alias("SeesEnded")]
    [AlwaysInterleave]
    Task<bool> SeesEndedAsync(string silo);

    /// <summary>Whether this silo takes another to live.</summary>
    [Alias("TakesToLive")]
    [AlwaysInterleave]
    Task<bool> TakesToLiveAsync(string silo);

    /// <summary>A question of <see cref="PeerMessages"/>.</summary>
    /// <exception cref="IOException">The broker is not open, or could not answer.</exception>
    [Alias("Ask")]
    [AlwaysInterleave]
    [ResponseTimeout("00:00:35")]
    Task<PeerFrame> AskAsync(PeerFrame question);

    /// <summary>
    /// What a grain was asked that is this broker's business, as far as the other knows. It is answered here, and not sent on.
    /// </summary>
    /// <param name="key">The grain's.</param>
    /// <exception cref="IOException">The broker is not open, or what became of the request is not known.</exception>
    [Alias("Handle")]
    [AlwaysInterleave]
    [ResponseTimeout("00:00:55")]
    Task<object?> HandleAsync(string key, object request);
}
