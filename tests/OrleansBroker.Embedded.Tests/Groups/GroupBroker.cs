using Microsoft.Extensions.Logging.Abstractions;
using OrleansBroker.Core.Configuration;
using OrleansBroker.Core.Groups;
using OrleansBroker.Core.Groups.Hosting;
using OrleansBroker.Core.Metadata;
using OrleansBroker.Core.Partitions;
using OrleansBroker.Embedded.Topics;
using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Messages;
using OrleansBroker.Simulation;
using OrleansBroker.Storage;

namespace OrleansBroker.Embedded.Tests.Groups;

/// <summary>All of a broker that groups need, without sockets, on a simulated disk and in manual time.</summary>
internal sealed class GroupBroker : IAsyncDisposable
{
    public const string Group = "orders";
    private readonly BrokerConfigCache _configs;
    private LogDirectory _logs = null!;
    private CatalogHost _catalog = null!;
    private GroupFlush _flushes = null!;

    private GroupBroker(Dictionary<string, string> configs)
    {
        Assert.True(BrokerConfig.TryCreate(configs, out var config, out _));
        _configs = new BrokerConfigCache(config);
    }

    public SimulatedDisk Disk { get; } = new(seed: 1);

    public ManualTime Time { get; } = new();

    public MetadataCache Metadata { get; private set; } = null!;

    public PartitionTable Partitions { get; private set; } = null!;

    public GroupCoordinator Groups { get; private set; } = null!;

    /// <summary>Makes the internal topic, as clients do by asking for the coordinator first.</summary>
    public async Task FindAsync() => Assert.Equal(ErrorCode.None, (await Groups.FindAsync(Group, CancellationToken.None)).Error);

    public static async Task<GroupBroker> StartAsync(params (string Name, string Value)[] configs)
    {
        var broker = new GroupBroker(configs.ToDictionary(each => each.Name, each => each.Value));
        await broker.OpenAsync();
        return broker;
    }

    public async ValueTask DisposeAsync()
    {
        await Groups.DisposeAsync();
        await _flushes.DisposeAsync();
        _catalog.Dispose();
        _logs.Dispose();
    }

    /// <summary>As after kill -9: what was not flushed is in the page cache.</summary>
    public async Task KillAndRestartAsync()
    {
        await Groups.DisposeAsync();
        await _flushes.DisposeAsync();
        Disk.ProcessKill();
        await OpenAsync();
    }

    public static GroupCaller Caller(short version) => new("client", "/10.0.0.1", version);

    public Task<JoinGroupResponse> JoinAsync(string memberId = "", short version = 3, string group = Group, CancellationToken cancellation = default) => Groups.JoinGroupAsync(
        new JoinGroupRequest
        {
            GroupId = group,
            MemberId = memberId,
            SessionTimeoutMs = 10_000,
            RebalanceTimeoutMs = 60_000,
            ProtocolType = "consumer",
            Protocols = [new() { Name = "range", Metadata = new byte[] { 0, 0, 0, 0, 0, 0, 255, 255, 255, 255 } }],
        },
        Caller(version), cancellation).AsTask();

    public Task<SyncGroupResponse> SyncAsync(string memberId, int generation, params (string MemberId, byte[] Assignment)[] assignments) => Groups.SyncGroupAsync(
        new SyncGroupRequest
        {
            GroupId = Group,
            MemberId = memberId,
            GenerationId = generation,
            Assignments = [.. assignments.Select(each => new SyncGroupRequest.SyncGroupRequestAssignment { MemberId = each.MemberId, Assignment = each.Assignment })],
        },
        Caller(4), CancellationToken.None).AsTask();

    public async Task<ErrorCode> HeartbeatAsync(string memberId, int generation) =>
        (await Groups.HeartbeatAsync(new HeartbeatRequest { GroupId = Group, MemberId = memberId, GenerationId = generation }, Caller(4))).ErrorCode;

    public async Task<ErrorCode[]> CommitAsync(long offset, string memberId = "", int generation = -1, string group = Group, string topic = "t", int partitions = 1) =>
        [.. (await Groups.CommitOffsetsAsync(
            new OffsetCommitRequest
            {
                GroupId = group,
                MemberId = memberId,
                GenerationIdOrMemberEpoch = generation,
                Topics = [new() { Name = topic, Partitions = [.. Enumerable.Range(0, partitions).Select(index => new OffsetCommitRequest.OffsetCommitRequestPartition { PartitionIndex = index, CommittedOffset = offset + index })] }],
            },
            Caller(9), CancellationToken.None)).Topics[0].Partitions.Select(partition => partition.ErrorCode)];

    /// <summary>The offset, or the error's number below -1000. Waits while groups are loaded.</summary>
    public async Task<long> FetchAsync(string group = Group, string topic = "t", int partition = 0)
    {
        while (true)
        {
            var fetched = await Groups.FetchOffsetsAsync(
                new OffsetFetchRequest.OffsetFetchRequestGroup { GroupId = group, Topics = [new() { Name = topic, PartitionIndexes = [partition] }] }, Caller(8));
            if (fetched.ErrorCode == ErrorCode.None)
            {
                return fetched.Topics[0].Partitions[0].CommittedOffset;
            }

            if (fetched.ErrorCode != ErrorCode.CoordinatorLoadInProgress)
            {
                return -1000 - (long)fetched.ErrorCode;
            }

            await Task.Yield();
        }
    }

    /// <summary>One member, in a stable first generation.</summary>
    public async Task<string> StableAsync()
    {
        await FindAsync();
        var joining = JoinAsync();
        Time.Pass(3_000);
        var joined = await joining;
        Assert.Equal(ErrorCode.None, joined.ErrorCode);
        Assert.Equal(ErrorCode.None, (await SyncAsync(joined.MemberId, joined.GenerationId, (joined.MemberId, [7]))).ErrorCode);
        return joined.MemberId;
    }

    public Partition PartitionOf(string group = Group) => Partitions.Find("__consumer_offsets", Groups.PartitionFor(group))!;

    private async Task OpenAsync()
    {
        _logs = LogDirectory.Open(new LogDirectoryOptions
        {
            Files = Disk,
            Path = "/data",
            Broker = new BrokerId(0),
            NowMs = Time.NowMs,
            Logger = NullLogger.Instance,
            BootId = "boot",
        });
        Metadata = new MetadataCache(new MetadataImage(_logs.ClusterId, new BrokerId(0), [new BrokerImage(new BrokerId(0), "localhost", 9092)]));
        Partitions = new PartitionTable();
        _flushes = new GroupFlush(Time);
        var local = new LocalPartitions(_logs, Partitions, Metadata, _configs, _flushes, NullLogger.Instance);
        _catalog = await CatalogHost.LoadAsync(new FileDocumentStore(Disk, "/data/documents"), _configs, Metadata, local, Random.Shared, NullLogger.Instance, CancellationToken.None);
        local.OpenAll();
        Groups = new GroupCoordinator(_configs, Metadata, Partitions, _catalog, Time, new Random(1), NullLogger.Instance);
    }
}
