using OrleansBroker.Embedded.Cluster;

namespace OrleansBroker.Client.Tests;

/// <summary>Real brokers in this process, in a directory of their own.</summary>
internal sealed class TestBroker : IAsyncDisposable
{
    private readonly string _directory;

    private TestBroker(string directory, EmbeddedCluster cluster)
    {
        _directory = directory;
        Cluster = cluster;
    }

    public EmbeddedCluster Cluster { get; }

    public string BootstrapServers => Cluster.BootstrapServers;

    /// <param name="settings">By Kafka's names.</param>
    public static async Task<TestBroker> StartAsync(int brokers = 1, int partitions = 1, params (string Name, string Value)[] settings)
    {
        var directory = Directory.CreateTempSubdirectory("orleansbroker-client-").FullName;
        var cluster = await EmbeddedCluster.StartAsync(new EmbeddedClusterOptions
        {
            DataDirectory = directory,
            Brokers = brokers,
            Settings =
            [
                new("num.partitions", partitions.ToString(System.Globalization.CultureInfo.InvariantCulture)),
                .. settings.Select(setting => KeyValuePair.Create(setting.Name, setting.Value)),
            ],
        });
        return new TestBroker(directory, cluster);
    }

    public KafkaClient Connect() => new(new ClientOptions { BootstrapServers = BootstrapServers });

    public async ValueTask DisposeAsync()
    {
        await Cluster.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }
}
