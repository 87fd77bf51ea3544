using System.Globalization;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using OrleansBroker.Core.Configuration;

namespace OrleansBroker.Embedded.Cluster;

/// <summary>What an <see cref="EmbeddedCluster"/> is made of.</summary>
public sealed record EmbeddedClusterOptions
{
    /// <summary>How many brokers; their ids are 0, 1, 2 and so on.</summary>
    public int Brokers { get; init; } = 3;

    /// <summary>
    /// Holds <c>broker0</c>, <c>broker1</c> and so on, and the cluster's documents. The directory of a single broker can be given:
    /// that broker stays where it is, and becomes one of the cluster's.
    /// </summary>
    public required string DataDirectory { get; init; }

    /// <summary>Where the first broker listens, the others on the ports that follow; with port 0 each takes a free one.</summary>
    public string Host { get; init; } = "127.0.0.1";

    /// <inheritdoc cref="Host"/>
    public int Port { get; init; }

    /// <summary>Of each broker, in order; the last one counts for those that follow, and none is no rack.</summary>
    public IReadOnlyList<string> Racks { get; init; } = [];

    /// <summary>
    /// Of every broker, by Kafka's names. Where they do not say otherwise, new topics have as many replicas as there are brokers, three
    /// at most, and <c>min.insync.replicas</c> is 2 from three brokers on.
    /// </summary>
    public IReadOnlyList<KeyValuePair<string, string>> Settings { get; init; } = [];

    /// <summary>After how long a broker that is paused or cut off is taken to be dead.</summary>
    public TimeSpan DeathAfter { get; init; } = TimeSpan.FromSeconds(1.5);

    public ILoggerFactory Loggers { get; init; } = NullLoggerFactory.Instance;

    /// <exception cref="BrokerStartException">A setting cannot be used; the message is one line that names it.</exception>
    internal EmbeddedBrokerOptions OptionsOf(int broker, int port)
    {
        var values = new List<KeyValuePair<string, string>>
        {
            new("default.replication.factor", Math.Min(3, Brokers).ToString(CultureInfo.InvariantCulture)),
            new("min.insync.replicas", Brokers >= 3 ? "2" : "1"),
        };
        values.AddRange(Settings);
        values.Add(new("node.id", broker.ToString(CultureInfo.InvariantCulture)));
        values.Add(new("listeners", string.Create(CultureInfo.InvariantCulture, $"PLAINTEXT://{Host}:{port}")));
        if (Racks.Count > 0)
        {
            values.Add(new("broker.rack", Racks[Math.Min(broker, Racks.Count - 1)]));
        }

        return BrokerConfig.TryCreate(values, out var config, out var problems)
            ? new EmbeddedBrokerOptions { Config = config, DataDirectory = DirectoryOf(broker), Loggers = Loggers }
            : throw new BrokerStartException(string.Join("; ", problems.Select(found => $"{found.Name}: {found.Message}")));
    }

    private string DirectoryOf(int broker)
    {
        // No dash: topic-0 would be a partition's directory to a single broker.
        var meta = Path.Combine(DataDirectory, "meta.properties");
        return File.Exists(meta) && File.ReadLines(meta).Any(line => line.Trim() == $"node.id={broker}")
            ? DataDirectory
            : Path.Combine(DataDirectory, $"broker{broker}");
    }
}
