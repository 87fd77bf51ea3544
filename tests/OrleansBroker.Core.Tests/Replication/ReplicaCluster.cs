using System.Collections.Concurrent;
using Microsoft.Extensions.Logging.Abstractions;
using OrleansBroker.Core.Configuration;
using OrleansBroker.Core.Metadata;
using OrleansBroker.Core.Partitions;
using OrleansBroker.Core.Peers;
using OrleansBroker.Core.Peers.Wire;
using OrleansBroker.Core.Ports;
using OrleansBroker.Core.Replication;
using OrleansBroker.Protocol;
using OrleansBroker.Simulation;
using OrleansBroker.Storage;

namespace OrleansBroker.Core.Tests.Replication;

/// <summary>
/// Brokers as far as replication goes: replica managers over one document store, that reach each other and know who lives. No
/// records move between them: a test says how far a follower is (<see cref="CatchUp"/>).
/// </summary>
internal sealed class ReplicaCluster : IMembership, IAsyncDisposable
{
    private readonly Dictionary<int, Broker> _brokers = [];
    private readonly List<Action<ClusterView>> _subscribers = [];

    public ReplicaCluster(params int[] brokers)
    {
        Topic = new TopicImage("orders", States.Topic, [new PartitionImage(BrokerId.None, LeaderEpoch.None, [], [])]);
        foreach (var id in brokers)
        {
            _brokers[id] = new Broker(this, id);
        }
    }

    public ClusterView Current { get; private set; } = ClusterView.Empty;

    /// <summary>One topic of one partition. Its image names no replicas: what counts is the partition's document.</summary>
    public TopicImage Topic { get; set; }

    public ReplicaKey Key => new(Topic.Id, 0);

    public MemoryDocuments Documents { get; } = new();

    /// <summary>Looks at each question of one broker to another before it is asked.</summary>
    public Action<object>? Asking { get; set; }

    /// <summary>The partition's document.</summary>
    public PartitionState? Stored => StoredOf(0);

    public Broker this[int id] => _brokers[id];

    public PartitionState? StoredOf(int partition) => Documents.Find(PartitionDocuments.NameOf(Topic.Id, partition)) is { } content ? PartitionDocuments.Read(content.Span, out _) : null;

    public async Task StartAsync(params int[] ids)
    {
        foreach (var id in ids)
        {
            _brokers[id].Open();
        }

        Show();
        foreach (var id in ids)
        {
            await _brokers[id].Replicas!.StartAsync(CancellationToken.None);
        }
    }

    public async Task StopAsync(int id)
    {
        await _brokers[id].StopAsync();
        Show();
    }

    /// <summary>A follower has fetched all that the leader has.</summary>
    public void CatchUp(int leader, int follower, int partition = 0)
    {
        var led = _brokers[leader].PartitionAt(partition)!;
        led.NoteFetched(new BrokerId(follower), _brokers[follower].Epoch, led.Log.LogEndOffset, TimeProvider.System.GetTimestamp());
    }

    public static async Task UntilAsync(Func<bool> condition)
    {
        var deadline = TimeProvider.System.GetTimestamp();
        while (!condition())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(deadline) < TimeSpan.FromSeconds(60), "the condition was not met within a minute");
            await Task.Delay(5);
        }
    }

    public IDisposable Subscribe(Action<ClusterView> changed)
    {
        lock (_subscribers)
        {
            _subscribers.Add(changed);
        }

        return new Subscription(() =>
        {
            lock (_subscribers)
            {
                _subscribers.Remove(changed);
            }
        });
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var broker in _brokers.Values)
        {
            await broker.StopAsync();
        }
    }

    private void Show()
    {
        Current = new ClusterView(Current.Version + 1, [.. _brokers.Values.Where(broker => broker.Replicas is not null).Select(broker => broker.Registration).OrderBy(broker => broker.Id.Value)]);
        Action<ClusterView>[] told;
        lock (_subscribers)
        {
            told = [.. _subscribers];
        }

        Array.ForEach(told, each => each(Current));
    }

    /// <summary>One broker: its disk outlives its stops.</summary>
    internal sealed class Broker(ReplicaCluster cluster, int id) : IPeers, IBrokerConnector
    {
        private readonly SimulatedDisk _disk = new(seed: id);
        private LogDirectory? _logs;
        private PartitionTable _partitions = new();

        public long Epoch { get; private set; }

        public BrokerRegistration Registration => States.Broker(id, Epoch, dataEpoch: 1);

        public BrokerReplicas? Replicas { get; private set; }

        public MetadataCache Metadata { get; private set; } = null!;

        public BrokerConfigCache Config { get; } = new(BrokerConfig.Default);

        public Partition? Partition => PartitionAt(0);

        public SimulatedDisk Disk => _disk;

        public bool HasLog => _logs!.Find(new TopicPartition(cluster.Topic.Name, 0)) is not null;

        public Partition? PartitionAt(int index) => _partitions.Find(cluster.Topic.Id, index);

        public void Open()
        {
            Epoch++;
            _partitions = new PartitionTable();
            Metadata = new MetadataCache(new MetadataImage("cluster", new BrokerId(1), []).With([cluster.Topic]));
            _logs = LogDirectory.Open(new LogDirectoryOptions
            {
                Files = _disk, Path = "/data", Broker = new BrokerId(id), NowMs = 1_700_000_000_000, Logger = NullLogger.Instance, RecoveryThreads = 1, BootId = "boot",
            });
            Replicas = new BrokerReplicas(new ReplicaServices
            {
                Self = Registration,
                Logs = _logs,
                Partitions = _partitions,
                Metadata = Metadata,
                Config = Config,
                Documents = cluster.Documents,
                Membership = cluster,
                Peers = this,
                Connector = this,
                Flushes = new NoFlushes(),
                Clock = TimeProvider.System,
                Random = new Random(id),
                Loggers = NullLoggerFactory.Instance,
            });
        }

        public async Task StopAsync()
        {
            if (Replicas is { } running)
            {
                Replicas = null;
                await running.DisposeAsync();
                _logs!.CloseCleanly(1_700_000_000_000);
            }
        }

        public async Task<AlteredReassignment> ReassignAsync(params int[] replicas) => await AlterAsync(Array.ConvertAll(replicas, replica => new BrokerId(replica)));

        public async Task<AlteredReassignment> CancelAsync() => await AlterAsync(null);

        public async ValueTask<TReply> AskAsync<TReply>(BrokerId broker, PeerRequest<TReply> request, CancellationToken cancellation)
        {
            await Task.Yield();
            cluster.Asking?.Invoke(request);
            if (cluster._brokers[broker.Value].Replicas is not { } replicas)
            {
                throw new IOException($"broker {broker} does not live");
            }

            var reply = await PeerMessages.AnswerAsync(PeerMessages.Write(request, PeerMessages.VersionMax), new PeerService { Replicas = replicas, Catalog = null! });
            return PeerMessages.ReadReply(request, reply);
        }

        public ValueTask<IBrokerConnection> ConnectAsync(BrokerId broker, CancellationToken cancellation) => throw new IOException("no records move here");

        private async Task<AlteredReassignment> AlterAsync(IReadOnlyList<BrokerId>? target) =>
            Assert.Single(await Replicas!.AlterReassignmentsAsync(new AlterReassignments([new WantedReplicas(cluster.Key, target)], AllowReplicationFactorChange: true)));
    }

    /// <summary>Documents in memory, with ETags that count up.</summary>
    internal sealed class MemoryDocuments : IDocumentStore
    {
        private readonly ConcurrentDictionary<string, StoredDocument> _documents = new(StringComparer.Ordinal);
        private long _etags;
        private volatile bool _isLost;
        private int _refused;

        /// <summary>How often somebody was left without an answer.</summary>
        public int Refused => Volatile.Read(ref _refused);

        /// <summary>The next write is done; its writer does not hear of that, and nobody of anything, until this is unset.</summary>
        public bool IsNextAnswerLost { get; set; }

        public ReadOnlyMemory<byte>? Find(string name) => _documents.TryGetValue(name, out var document) ? document.Content : default(ReadOnlyMemory<byte>?);

        public void Put(PartitionState state) =>
            _documents[PartitionDocuments.NameOf(state.TopicId, state.Partition)] = new(PartitionDocuments.Write(state, Guid.NewGuid()), $"{Interlocked.Increment(ref _etags)}");

        /// <summary>What happens between a read and its answer.</summary>
        public Func<ValueTask>? OnRead { get; set; }

        /// <summary>What happens before a write.</summary>
        public Func<string, CancellationToken, ValueTask>? OnWrite { get; set; }

        public async ValueTask<StoredDocument?> ReadAsync(string name, CancellationToken cancellation)
        {
            Check();
            var found = _documents.GetValueOrDefault(name);
            await (OnRead?.Invoke() ?? ValueTask.CompletedTask);
            return found;
        }

        public async ValueTask<string?> WriteAsync(string name, ReadOnlyMemory<byte> content, string? expectedETag, CancellationToken cancellation)
        {
            await (OnWrite?.Invoke(name, cancellation) ?? ValueTask.CompletedTask);
            Check();
            var written = new StoredDocument(content.ToArray(), $"{Interlocked.Increment(ref _etags)}");
            var isWritten = expectedETag is null
                ? _documents.TryAdd(name, written)
                : _documents.TryGetValue(name, out var current) && current.ETag == expectedETag && _documents.TryUpdate(name, written, current);
            _isLost = IsNextAnswerLost;
            Check();
            return isWritten ? written.ETag : null;
        }

        public ValueTask<bool> DeleteAsync(string name, string expectedETag, CancellationToken cancellation) => throw new NotSupportedException();

        private void Check()
        {
            if (_isLost && IsNextAnswerLost)
            {
                Interlocked.Increment(ref _refused);
                throw new IOException("there is no answer");
            }
        }
    }

    private sealed class NoFlushes : IFlushQueue
    {
        public ValueTask<ErrorCode> FlushedAsync(Partition partition, long lastOffset, long withinMs) => new(ErrorCode.None);
    }

    private sealed class Subscription(Action end) : IDisposable
    {
        public void Dispose() => end();
    }
}
