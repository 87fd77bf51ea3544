using System.Net;
using OrleansBroker.Core;
using OrleansBroker.Core.Configuration;
using OrleansBroker.Core.Metadata;
using OrleansBroker.Core.Partitions;
using OrleansBroker.Core.Ports;
using OrleansBroker.Core.Replication;
using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Records;
using OrleansBroker.Server.Dispatch;
using OrleansBroker.Server.Network;
using OrleansBroker.Simulation;
using OrleansBroker.Storage;

namespace OrleansBroker.Server.Tests.Replication;

/// <summary>One broker of a <see cref="ReplicaCluster"/>: real logs on a disk in memory, real handlers, a real fetcher.</summary>
internal sealed class ReplicaBroker : IAsyncDisposable
{
    private readonly Dictionary<string, Partition> _partitions = [];

    public ReplicaBroker(int id, IMembership membership, IBrokerConnector connector, BrokerConfig config)
    {
        Id = new BrokerId(id);
        Logs = LogDirectory.Open(new LogDirectoryOptions
        {
            Files = new SimulatedDisk(id), Path = "/data", Broker = Id, NowMs = 1_700_000_000_000, Logger = Log, BootId = "boot", RecoveryThreads = 1,
        });
        var configs = new BrokerConfigCache(config);
        Services = new BrokerServices
        {
            Id = Id,
            Config = configs,
            Metadata = new MetadataCache(new MetadataImage("cluster", new BrokerId(0), [.. membership.Current.Brokers.Select(broker => broker.ToImage())])),
            Partitions = Table,
            Membership = membership,
            Peers = null!,
            Topics = null!,
            Groups = null!,
            ProducerIds = null!,
            Logs = Logs,
            Clock = TimeProvider.System,
            Random = new Random(id),
        };
        Endpoints = EndpointTable.Bind(Services, new ListenerOptions { Endpoint = new IPEndPoint(IPAddress.Loopback, 0) });
        Fetchers = new ReplicaFetchers(new ReplicaServices
        {
            Self = membership.Current.Find(Id)!,
            Logs = Logs,
            Partitions = Table,
            Metadata = Services.Metadata,
            Config = configs,
            Documents = null!,
            Membership = membership,
            Peers = null!,
            Connector = connector,
            Flushes = Flushes,
            Clock = TimeProvider.System,
            Random = new Random(id),
            Loggers = Log,
        });
    }

    public BrokerId Id { get; }

    public LinesLogger Log { get; } = new();

    public LogDirectory Logs { get; }

    public PartitionTable Table { get; } = new();

    public BrokerServices Services { get; }

    public EndpointTable Endpoints { get; }

    public ReplicaFetchers Fetchers { get; }

    public HeldFlushes Flushes { get; } = new();

    public Partition this[string topic] => _partitions[topic];

    public void Open(string topic, PartitionState state, LogConfig config, int minInSyncReplicas)
    {
        var log = Logs.OpenLog(new TopicPartition(topic, 0), state.TopicId, config);
        var partition = new Partition(Id, log, state, isInternal: false, Flushes);
        partition.Configure(config, minInSyncReplicas, allowsUncleanElection: false);
        _partitions[topic] = partition;
        Table.Set(topic, state.TopicId, [partition]);
    }

    /// <summary>Takes the part that a state gives it.</summary>
    public void Play(string topic, PartitionState state)
    {
        var partition = _partitions[topic];
        if (state.Leader == Id)
        {
            Fetchers.Leave(partition);
            partition.Lead(state, Services.Clock.GetTimestamp());
        }
        else
        {
            partition.Follow(state);
            Fetchers.Follow(partition, state.Leader);
        }

        Services.Metadata.Change(image => image.With([new TopicImage(topic, state.TopicId, [state.ToImage()])]));
    }

    /// <summary>Appends a batch as the leader, and wakes who waits for it.</summary>
    public AppendResult Append(string topic, params string[] values)
    {
        var result = _partitions[topic].Append(Batches.Of(values), AppendOrigin.Client, Services.NowMs, acks: 1);
        Assert.Equal(ErrorCode.None, result.Error);
        _partitions[topic].NotifyAppended();
        return result;
    }

    /// <summary>The bytes of the log from its beginning to its end.</summary>
    public byte[] BytesOf(string topic)
    {
        var log = _partitions[topic].Log;
        var all = new MemoryStream();
        for (var offset = log.LogStartOffset; offset < log.LogEndOffset;)
        {
            var records = log.Read(offset, int.MaxValue, log.LogEndOffset, atLeastOneBatch: true).Records;
            var bytes = new byte[records.Length];
            records.CopyTo(bytes);
            all.Write(bytes);
            for (var rest = bytes.AsSpan(); rest.Length > 0;)
            {
                Assert.Equal(RecordBatchProblem.None, RecordBatchView.TryParse(rest, out var batch));
                offset = batch.NextOffset;
                rest = rest[batch.SizeBytes..];
            }
        }

        return all.ToArray();
    }

    public async ValueTask DisposeAsync()
    {
        await Fetchers.DisposeAsync();
        Logs.Dispose();
    }
}
