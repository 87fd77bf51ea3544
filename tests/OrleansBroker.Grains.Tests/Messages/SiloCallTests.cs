using Microsoft.Extensions.Configuration;
using Orleans.Runtime.Placement;
using Orleans.Serialization;
using Orleans.TestingHost;
using OrleansBroker.Abstractions.Messages;
using OrleansBroker.Core.Peers;
using OrleansBroker.Core.Peers.Wire;
using OrleansBroker.Grains.Tests.Silos;

namespace OrleansBroker.Grains.Tests.Messages;

/// <summary>Real calls of Orleans: from a client to a silo, and from that silo to another.</summary>
public sealed class SiloCallTests
{
    [Fact]
    public async Task A_message_goes_from_a_client_over_one_silo_to_another_and_back()
    {
        var builder = new TestClusterBuilder(initialSilosCount: 2);
        builder.AddSiloBuilderConfigurator<CarriesMessages>();
        builder.AddClientBuilderConfigurator<CarriesMessages>();
        await using var cluster = MemoryPorts.Find(builder.Build);
        await cluster.DeployAsync();
        var question = PeerMessages.Write(new CatalogChanged(3), MessageVersion.Newest);
        await PlaceAsync(cluster, 0);
        await PlaceAsync(cluster, 1);

        var answer = await cluster.Client.GetGrain<IMessageEcho>(0).PassOnAsync(1, question);

        Assert.Equal((question.Kind, question.Version), (answer.Kind, answer.Version));
        Assert.Equal(question.Body.ToArray(), answer.Body.ToArray());
        await cluster.StopAllSilosAsync();
    }

    private static async Task PlaceAsync(TestCluster cluster, int number)
    {
        var silo = cluster.Silos[number].SiloAddress;
        RequestContext.Set(IPlacementDirector.PlacementHintKey, silo);
        Assert.Equal(silo, await cluster.Client.GetGrain<IMessageEcho>(number).WhereAsync());
        RequestContext.Clear();
    }

    private sealed class CarriesMessages : ISiloConfigurator, IClientBuilderConfigurator
    {
        public void Configure(ISiloBuilder siloBuilder) => siloBuilder.Services.AddSerializer(serializer => serializer.AddOrleansBrokerMessages());

        public void Configure(IConfiguration configuration, IClientBuilder clientBuilder) =>
            clientBuilder.Services.AddSerializer(serializer => serializer.AddOrleansBrokerMessages());
    }
}

public interface IMessageEcho : IGrainWithIntegerKey
{
    Task<SiloAddress> WhereAsync();

    Task<PeerFrame> EchoAsync(PeerFrame frame);

    Task<PeerFrame> PassOnAsync(int to, PeerFrame frame);
}

public sealed class MessageEcho(ILocalSiloDetails silo) : Grain, IMessageEcho
{
    public Task<SiloAddress> WhereAsync() => Task.FromResult(silo.SiloAddress);

    public Task<PeerFrame> EchoAsync(PeerFrame frame) => Task.FromResult(frame);

    public Task<PeerFrame> PassOnAsync(int to, PeerFrame frame) => GrainFactory.GetGrain<IMessageEcho>(to).EchoAsync(frame);
}
