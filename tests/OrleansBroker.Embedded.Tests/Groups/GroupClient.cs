using OrleansBroker.Core.Groups;
using OrleansBroker.Core.Groups.Hosting;
using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Messages;

namespace OrleansBroker.Embedded.Tests.Groups;

/// <summary>What members of a group ask one broker's coordinator.</summary>
internal abstract class GroupClient(ManualTime time)
{
    public const string Group = "orders";

    public ManualTime Time { get; } = time;

    public GroupCoordinator Groups { get; protected set; } = null!;

    /// <summary>Makes the internal topic, as clients do by asking for the coordinator first.</summary>
    public async Task FindAsync() => Assert.Equal(ErrorCode.None, (await Groups.FindAsync(Group, CancellationToken.None)).Error);

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

    /// <summary>The offset, or the error's number below -1000.</summary>
    public async Task<long> AskOffsetAsync(string group = Group, string topic = "t", int partition = 0)
    {
        var fetched = await Groups.FetchOffsetsAsync(
            new OffsetFetchRequest.OffsetFetchRequestGroup { GroupId = group, Topics = [new() { Name = topic, PartitionIndexes = [partition] }] }, Caller(8));
        return fetched.ErrorCode == ErrorCode.None ? fetched.Topics[0].Partitions[0].CommittedOffset : Refused(fetched.ErrorCode);
    }

    /// <summary>As <see cref="AskOffsetAsync"/>; asks again while groups are loaded.</summary>
    public async Task<long> FetchAsync(string group = Group, string topic = "t", int partition = 0)
    {
        while (true)
        {
            var offset = await AskOffsetAsync(group, topic, partition);
            if (offset != Refused(ErrorCode.CoordinatorLoadInProgress))
            {
                return offset;
            }

            await Task.Yield();
        }
    }

    public static long Refused(ErrorCode error) => -1000 - (long)error;

    public async Task<DescribeGroupsResponse.DescribedGroup> DescribeAsync(string group = Group) =>
        Assert.Single((await Groups.DescribeGroupsAsync(new DescribeGroupsRequest { Groups = [group] }, Caller(6))).Groups);

    public Task<ListGroupsResponse> ListAsync() => Groups.ListGroupsAsync(new ListGroupsRequest(), Caller(5)).AsTask();

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
}
