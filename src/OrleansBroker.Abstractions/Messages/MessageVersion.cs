using OrleansBroker.Core.Peers.Wire;

namespace OrleansBroker.Abstractions.Messages;

/// <summary>
/// The version in which this process writes messages to others: the highest that all brokers know. It reads every version that its
/// build knows. Until it has heard of the others it writes the lowest, which all of them can read.
/// </summary>
public sealed class MessageVersion
{
    /// <summary>What a broker of this build says in its document <c>broker/{id}</c>.</summary>
    public const short Newest = PeerMessages.VersionMax;

    public const short Oldest = PeerMessages.VersionMin;

    private volatile short _agreed = Oldest;

    public short Agreed => _agreed;

    /// <summary>Called with the newest versions of all brokers that live, whenever who lives has changed.</summary>
    public void Agree(IEnumerable<short> newestOfBrokers) => _agreed = Math.Max(Oldest, newestOfBrokers.Append(Newest).Min());

    public static bool IsKnown(short version) => version is >= Oldest and <= Newest;
}
