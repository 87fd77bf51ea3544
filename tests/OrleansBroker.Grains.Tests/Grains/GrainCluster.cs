using OrleansBroker.Abstractions;
using OrleansBroker.Grains.Tests.Silos;

namespace OrleansBroker.Grains.Tests.Grains;

/// <summary>Three brokers for tests that leave them as they are.</summary>
public sealed class GrainCluster : IAsyncLifetime
{
    public const string Name = "brokers with grains";

    private SiloCluster? _silos;

    internal SiloCluster Silos => _silos!;

    /// <summary>As a client of the cluster calls them.</summary>
    internal IBrokerGrains Client { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        _silos = await SiloCluster.OfAsync(3);
        Client = await _silos.ConnectAsync();
    }

    public async Task DisposeAsync() => await Silos.DisposeAsync();

    /// <summary>A topic of one partition, whose three replicas are in sync.</summary>
    internal async Task<string> TopicAsync(string name)
    {
        Assert.Equal(ErrorCode.None, await Silos.Client.CreateAsync(0, name));
        await Silos.Client.WholeAsync(name);
        return name;
    }
}

[CollectionDefinition(GrainCluster.Name)]
public sealed class GrainClusterCollection : ICollectionFixture<GrainCluster>;
