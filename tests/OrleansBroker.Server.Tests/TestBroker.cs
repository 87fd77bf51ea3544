using System.Net;
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

namespace OrleansBroker.Server.Tests;

/// <summary>A listener on loopback over real logs in a directory of its own, without catalog and groups: topics are made by hand.</summary>
internal sealed class TestBroker : IAsyncDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly LogDirectory _logs;

    public TestBroker(Func<ListenerOptions, ListenerOptions>? limits = null)
    {
        _logs = LogDirectory.Open(new LogDirectoryOptions
        {
            Files = new LocalFileSystem(),
            Path = _directory.Path,
            Broker = new BrokerId(0),
            NowMs = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds(),
            Logger = Log,
            BootId = "boot",
        });
        var broker = new BrokerServices
        {
            Id = new BrokerId(0),
            Config = new BrokerConfigCache(BrokerConfig.Default),
            Metadata = new MetadataCache(new MetadataImage("cluster", new BrokerId(0), [])),
            Partitions = Partitions,
            Membership = new FixedMembership(ClusterView.Empty),
            Peers = null!,
            Topics = null!,
            Groups = null!,
            ProducerIds = ProducerIds,
            Logs = _logs,
            Clock = TimeProvider.System,
            Random = new Random(1),
        };
        var options = new ListenerOptions { Endpoint = new IPEndPoint(IPAddress.Loopback, 0) };
        Listener = Listener.Start(limits?.Invoke(options) ?? options, broker, Log);
    }

    public Listener Listener { get; }

    public PartitionTable Partitions { get; } = new();

    public HeldProducerIds ProducerIds { get; } = new();

    public LinesLogger Log { get; } = new();

    /// <summary>Makes a topic and returns its id.</summary>
    /// <param name="replicas">The first so many brokers are in sync, of which this one leads.</param>
    public Guid CreateTopic(string name, int partitions = 1, LogConfig? config = null, bool isInternal = false, int replicas = 1)
    {
        BrokerId[] brokers = [.. Enumerable.Range(0, replicas).Select(broker => new BrokerId(broker))];
        var id = Guid.NewGuid();
        var all = new Partition[partitions];
        for (var i = 0; i < partitions; i++)
        {
            var log = _logs.OpenLog(new TopicPartition(name, i), id, config ?? LogConfig.Default);
            log.BeginLeadership(new LeaderEpoch(0));
            var state = new PartitionState
            {
                TopicId = log.TopicId, Partition = i, Replicas = brokers, Leader = new BrokerId(0), LeaderEpoch = new LeaderEpoch(0),
                Isr = Array.ConvertAll(brokers, broker => new IsrMember(broker, 0)),
            };
            all[i] = new Partition(new BrokerId(0), log, state, isInternal, new NoFlushes());
            all[i].Lead(state, timestamp: 0);
        }

        Partitions.Set(name, id, all);
        return id;
    }

    public void DeleteTopic(string name, Guid id)
    {
        foreach (var partition in Partitions.Remove(name, id))
        {
            partition.Close();
        }
    }

    public TestClient Connect() => new(Listener.LocalEndpoint);

    public async ValueTask DisposeAsync()
    {
        await Listener.DisposeAsync();
        foreach (var (_, line) in Log.Lines.Where(line => line.EventId == 3003))
        {
            Console.Error.WriteLine(line);
        }

        _logs.Dispose();
        _directory.Dispose();
    }

    private sealed class NoFlushes : IFlushQueue
    {
        public ValueTask<ErrorCode> FlushedAsync(Partition partition, long lastOffset, long withinMs) => new(ErrorCode.None);
    }
}
