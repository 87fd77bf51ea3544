using OrleansBroker.Core.Peers.Wire;

namespace OrleansBroker.Abstractions.Messages;

/// <summary>
/// The version in which this process writes questions to other brokers: the highest that all of them know. It reads every version that
/// its build knows. One that has not said yet what it knows is taken to know the lowest only.
/// </summary>
public sealed class MessageVersion
{
    /// <summary>What a broker of this build says in its document <c>broker/{id}</c>.</summary>
    public const short Newest = PeerMessages.VersionMax;

    public const short Oldest = PeerMessages.VersionMin;

    private readonly short _newest;
    private volatile short _agreed = Oldest;

    public MessageVersion()
        : this(Newest)
    {
    }

    /// <param name="newest">That of another build.</param>
    internal MessageVersion(short newest) => _newest = newest;

    public short Agreed => _agreed;

    /// <summary>Called with the newest versions of all other brokers whose silos are active, whenever these have changed.</summary>
    public void Agree(IEnumerable<short> newestOfBrokers) => _agreed = Math.Max(Oldest, newestOfBrokers.Append(_newest).Min());

    public static bool IsKnown(short version) => version is >= Oldest and <= Newest;
}
