using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using OrleansBroker.Core;
using OrleansBroker.Core.Configuration;
using OrleansBroker.Core.Metadata;
using OrleansBroker.Core.Partitions;
using OrleansBroker.Core.Ports;
using OrleansBroker.Core.Replication;
using OrleansBroker.Protocol;
using OrleansBroker.Server.Network;
using OrleansBroker.Storage;
using OrleansBroker.Storage.Files;

namespace OrleansBroker.Benchmarks;

/// <summary>A listener over real logs in a temporary directory, without catalog and groups, which the data path does not touch.</summary>
internal sealed class BenchmarkBroker : IDisposable
{
    private readonly string _path = Directory.CreateTempSubdirectory("ob-benchmark-").FullName;
    private readonly LogDirectory _logs;
    private readonly PartitionTable _partitions = new();
    private readonly Listener _listener;
    private readonly List<PromptFollowers> _followers = [];

    public BenchmarkBroker()
    {
        _logs = LogDirectory.Open(new LogDirectoryOptions
        {
            Files = new LocalFileSystem(),
            Path = _path,
            Broker = new BrokerId(0),
            NowMs = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds(),
            Logger = NullLogger.Instance,
            BootId = "boot",
        });
        var broker = new BrokerServices
        {
            Id = new BrokerId(0),
            Config = new BrokerConfigCache(BrokerConfig.Default),
            Metadata = new MetadataCache(new MetadataImage("cluster", new BrokerId(0), [])),
            Partitions = _partitions,
            Membership = new FixedMembership(ClusterView.Empty),
            Peers = null!,
            Topics = null!,
            Groups = null!,
            ProducerIds = null!,
            Logs = _logs,
            Clock = TimeProvider.System,
            Random = new Random(1),
        };
        _listener = Listener.Start(new ListenerOptions { Endpoint = new IPEndPoint(IPAddress.Loopback, 0) }, broker, NullLogger.Instance);
    }

    public IPEndPoint Endpoint => _listener.LocalEndpoint;

    /// <summary>Makes a topic, with two followers that are in sync where it is replicated.</summary>
    public void CreateTopic(string name, int partitions = 1, bool isReplicated = false)
    {
        BrokerId[] replicas = isReplicated ? [new(0), .. PromptFollowers.Ids] : [new(0)];
        var id = Guid.NewGuid();
        var all = new Partition[partitions];
        for (var i = 0; i < partitions; i++)
        {
            var log = _logs.OpenLog(new TopicPartition(name, i), id, LogConfig.Default with { MaxMessageBytes = 8 << 20 });
            log.BeginLeadership(new LeaderEpoch(0));
            var state = new PartitionState
            {
                TopicId = log.TopicId, Partition = i, Replicas = replicas, Leader = new BrokerId(0), LeaderEpoch = new LeaderEpoch(0),
                Isr = Array.ConvertAll(replicas, replica => new IsrMember(replica, 0)),
            };
            all[i] = new Partition(new BrokerId(0), log, state, isInternal: false, new NoFlushes());
            all[i].Lead(state, timestamp: 0);
            if (isReplicated)
            {
                _followers.Add(new PromptFollowers(all[i]));
            }
        }

        _partitions.Set(name, id, all);
    }

    public void Dispose()
    {
        _listener.StopAsync().GetAwaiter().GetResult();
        _followers.ForEach(followers => followers.Dispose());
        _logs.Dispose();
        Directory.Delete(_path, recursive: true);
    }

    private sealed class NoFlushes : IFlushQueue
    {
        public ValueTask<ErrorCode> FlushedAsync(Partition partition, long lastOffset, long withinMs) => new(ErrorCode.None);
    }
}
