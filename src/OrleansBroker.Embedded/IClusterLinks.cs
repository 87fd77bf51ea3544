using OrleansBroker.Core.Ports;
using OrleansBroker.Server.Network;

namespace OrleansBroker.Embedded;

/// <summary>One broker's ways to the rest of its cluster.</summary>
internal interface IClusterLinks
{
    IDocumentStore Documents { get; }

    IMembership Membership { get; }

    IPeers Peers { get; }

    IBrokerConnector Connector { get; }

    /// <inheritdoc cref="BrokerHostOptions.Lives"/>
    IBrokerLives? Lives => null;

    /// <summary>What the broker's answers have to pass; null where nothing can hold them up.</summary>
    IAnswerGate? Gate => null;

    /// <summary>The broker can be asked from now on, and is shown to the others as living.</summary>
    ValueTask JoinAsync(BrokerHost host, CancellationToken cancellation);

    /// <summary>The broker is about to stop, and is given no more leaderships.</summary>
    ValueTask DrainAsync();

    /// <summary>The broker has stopped.</summary>
    ValueTask LeaveAsync();
}
