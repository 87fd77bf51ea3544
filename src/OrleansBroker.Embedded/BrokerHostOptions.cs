using Microsoft.Extensions.Logging;
using OrleansBroker.Core.Configuration;
using OrleansBroker.Core.Ports;
using OrleansBroker.Storage.Files;

namespace OrleansBroker.Embedded;

/// <summary>What a <see cref="BrokerHost"/> is made of: one broker's configuration, its disk, and its ways to the others.</summary>
internal sealed record BrokerHostOptions
{
    public required BrokerConfig Config { get; init; }

    /// <summary>Absolute.</summary>
    public required string DataDirectory { get; init; }

    public required IFileSystem Files { get; init; }

    /// <summary>See <see cref="Storage.LogDirectoryOptions.BootId"/>.</summary>
    public required string BootId { get; init; }

    /// <summary>What clients and other brokers are told to connect to.</summary>
    public required (string Host, int Port) Endpoint { get; init; }

    /// <summary>Asked for once the data directory is there.</summary>
    public required Func<IDocumentStore> Documents { get; init; }

    public required IMembership Membership { get; init; }

    public required IPeers Peers { get; init; }

    public required IBrokerConnector Connector { get; init; }

    /// <summary>Null where the membership knows every broker that lives.</summary>
    public IBrokerLives? Lives { get; init; }

    /// <summary>Where compaction is done.</summary>
    public required IBackgroundWork Background { get; init; }

    /// <summary>See <see cref="Storage.Cleaning.LogCleanerOptions.KeyHashSeed"/>.</summary>
    public UInt128? KeyHashSeed { get; init; }

    public required TimeProvider Clock { get; init; }

    /// <summary>The only source of chance.</summary>
    public required Random Random { get; init; }

    public required ILoggerFactory Loggers { get; init; }
}
