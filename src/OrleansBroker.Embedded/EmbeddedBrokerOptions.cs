// The clock of those who hand none in.
#pragma warning disable RS0030

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

    /// <summary>A broker on 127.0.0.1 and a port that is free: for tests of applications.</summary>
    /// <param name="settings">By Kafka's names.</param>
    /// <exception cref="BrokerStartException">A setting cannot be used; the message is one line that names it.</exception>
    public static EmbeddedBrokerOptions OnFreePort(string dataDirectory, params (string Name, string Value)[] settings)
    {
        var configs = new Dictionary<string, string> { ["listeners"] = "PLAINTEXT://127.0.0.1:0" };
        foreach (var (name, value) in settings)
        {
            configs[name] = value;
        }

        return BrokerConfig.TryCreate(configs, out var config, out var problems)
            ? new EmbeddedBrokerOptions { Config = config, DataDirectory = dataDirectory }
            : throw new BrokerStartException(problems[0].ToString());
    }
}
