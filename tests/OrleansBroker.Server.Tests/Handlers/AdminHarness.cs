using OrleansBroker.Core;
using OrleansBroker.Core.Configuration;
using OrleansBroker.Core.Metadata;
using OrleansBroker.Core.Ports;
using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Messages;
using OrleansBroker.Protocol.Wire;
using OrleansBroker.Server.Handlers;

namespace OrleansBroker.Server.Tests.Handlers;

/// <summary>A broker as far as the administrative handlers need it: a catalog, an image, a configuration; no logs and no groups.</summary>
internal sealed class AdminHarness
{
    public AdminHarness(params string[] settings)
    {
        Assert.True(BrokerConfig.TryCreate(settings.Select(pair => pair.Split('=')).Select(pair => KeyValuePair.Create(pair[0], pair[1])), out var config, out _));
        var configs = new BrokerConfigCache(config);
        var metadata = new MetadataCache(new MetadataImage("the-cluster", new BrokerId(0), [new BrokerImage(new BrokerId(0), "broker.example", 9092, "rack-a")]));
        Broker = new BrokerServices
        {
            Id = new BrokerId(0),
            Config = configs,
            Metadata = metadata,
            Peers = null!,
            Topics = new TestCatalog(configs, metadata),
            Partitions = null!,
            Membership = new FixedMembership(ClusterView.Empty),
            Groups = null!,
            ProducerIds = null!,
            Logs = null!,
            Clock = TimeProvider.System,
            Random = new Random(1),
        };
    }

    public BrokerServices Broker { get; private set; }

    public IPeers Peers
    {
        set => Broker = Broker with { Peers = value };
    }

    public Task<Guid> CreateAsync(string name, int partitions = 1) => CreateAsync(name, partitions, []);

    public async Task<Guid> CreateAsync(string name, int partitions, (string Name, string Value)[] configs)
    {
        var response = await Broker.Topics.CreateTopicsAsync(
            new()
            {
                Topics =
                [
                    new()
                    {
                        Name = name,
                        NumPartitions = partitions,
                        ReplicationFactor = 1,
                        Configs = Array.ConvertAll(configs, config => new CreateTopicsRequest.CreatableTopicConfig { Name = config.Name, Value = config.Value }),
                    },
                ],
            },
            default);
        Assert.Equal(ErrorCode.None, response.Topics[0].ErrorCode);
        return response.Topics[0].TopicId;
    }

    public async Task<TResponse> SendAsync<TRequest, TResponse>(IHandler<TRequest, TResponse> handler, TRequest request, int version)
        where TRequest : class, IRequest<TResponse>, new()
        where TResponse : class, IWireStruct, new()
    {
        using var context = new RequestContext("/127.0.0.1", "PLAINTEXT", CancellationToken.None, CancellationToken.None);
        context.Begin(new RequestHeader { ApiKey = TRequest.Api.Key, ApiVersion = (short)version });
        return await handler.HandleAsync(request, context);
    }
}
