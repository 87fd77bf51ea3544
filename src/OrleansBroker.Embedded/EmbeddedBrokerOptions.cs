using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using OrleansBroker.Core.Configuration;
using OrleansBroker.Storage.Files;

namespace OrleansBroker.Embedded;

/// <summary>What an <see cref="EmbeddedBroker"/> is made of.</summary>
public sealed record EmbeddedBrokerOptions
{
    /// <summary>By Kafka's names; its <c>listeners</c> say where clients connect, port 0 picks a free one.</summary>
    public BrokerConfig Config { get; init; } = BrokerConfig.Default;

    /// <summary>Where records and metadata are kept; created where it does not exist.</summary>
    public required string DataDirectory { get; init; }

    public ILoggerFactory Loggers { get; init; } = NullLoggerFactory.Instance;

    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>The disk.</summary>
    public IFileSystem Files { get; init; } = LocalFileSystem.Instance;
}
