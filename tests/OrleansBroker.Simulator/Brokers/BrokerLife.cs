using Microsoft.Extensions.Logging;
using OrleansBroker.Core;
using OrleansBroker.Core.Configuration;
using OrleansBroker.Core.Groups.Hosting;
using OrleansBroker.Core.Metadata;
using OrleansBroker.Core.Partitions;
using OrleansBroker.Core.Ports;
using OrleansBroker.Core.Replication;
using OrleansBroker.Embedded;
using OrleansBroker.Embedded.Producers;
using OrleansBroker.Embedded.Topics;
using OrleansBroker.Storage;
using OrleansBroker.Storage.Files;

namespace OrleansBroker.Simulator.Brokers;

/// <summary>Temporary.</summary>
internal static class BrokerLife
{
    public static async Task<BrokerServices> StartAsync(TimeProvider clock, Random random, IFileSystem files, IDocumentStore documents, IMembership membership, BrokerConfig config, ILoggerFactory loggers)
    {
        var id = config.Broker;
        var logs = LogDirectory.Open(new LogDirectoryOptions
        {
            Files = files, Path = "/data", Broker = id, NowMs = clock.GetUtcNow().ToUnixTimeMilliseconds(), Logger = loggers.CreateLogger<LogDirectory>(), RecoveryThreads = 1, BootId = "1",
            Config = config.DefaultLogConfig,
        });
        var configs = new BrokerConfigCache(config);
        var metadata = new MetadataCache(new MetadataImage(logs.ClusterId, id, []));
        var table = new PartitionTable();
        var flushes = new GroupFlush(clock);
        var self = new BrokerRegistration(id, 1, 1, logs.DirectoryId, "b0", 9092, null);
        var partitions = new ReplicaManager(new ReplicaServices { Self = self, Logs = logs, Partitions = table, Metadata = metadata, Config = configs, Documents = documents, Membership = membership,
            Peers = null!, Connector = null!, Flushes = flushes, Clock = clock, Random = random, Loggers = loggers });
        var catalog = await CatalogHost.LoadAsync(documents, configs, metadata, partitions, random, loggers.CreateLogger<CatalogHost>(), default);
        await partitions.StartAsync(default);
        var groups = new GroupCoordinator(configs, metadata, table, catalog, clock, random, loggers.CreateLogger<GroupCoordinator>());
        groups.Start();
        metadata.Change(image => image with { Brokers = [new BrokerImage(id, "b0", 9092, null)] });
        _ = new Housekeeping(logs, table, configs, null, new InlineWork(), () => { }, clock, loggers.CreateLogger<Housekeeping>());
        return new BrokerServices
        {
            Id = id, Config = configs, Metadata = metadata, Partitions = table, Topics = catalog, Groups = groups, ProducerIds = new ProducerIds(documents), Logs = logs, Clock = clock, Membership = membership, Random = random,
        };
    }
}
