using OrleansBroker.Core.Metadata;
using OrleansBroker.Protocol;

namespace OrleansBroker.Core.Ports;

/// <summary>A broker in one life of its process, as its document <c>broker/{id}</c> says.</summary>
/// <param name="Epoch">The broker epoch: grows with every start.</param>
/// <param name="DataEpoch">
/// The broker epoch since which nothing that the broker had acknowledged can be missing from its disk: the one of its last start
/// after an unclean stop. An ISR entry with an older broker epoch does not count.
/// </param>
/// <param name="DirectoryId">Of its data directory: another directory under the same id is another broker.</param>
public sealed record BrokerRegistration(BrokerId Id, long Epoch, long DataEpoch, Guid DirectoryId, string Host, int Port, string? Rack)
{
    /// <summary>The broker hands its leaderships over and is about to stop: it is given none.</summary>
    public bool IsDraining { get; init; }

    public BrokerImage ToImage() => new(Id, Host, Port, Rack);
}
