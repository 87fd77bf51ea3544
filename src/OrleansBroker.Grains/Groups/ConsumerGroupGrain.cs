// As in DoorGrain.
#pragma warning disable RS0030

using Orleans.Placement;
using OrleansBroker.Abstractions;
using OrleansBroker.Abstractions.Groups;
using OrleansBroker.Grains.Doors;
using OrleansBroker.Grains.Placement;
using OrleansBroker.Protocol.Messages;

namespace OrleansBroker.Grains.Groups;

/// <inheritdoc cref="IConsumerGroupGrain"/>
[GrainType(BrokerGrainTypes.ConsumerGroup)]
[BrokerGroupPlacement]
[Immovable]
internal sealed class ConsumerGroupGrain(DoorServices services) : DoorGrain(services, new BrokerGroupPlacement()), IConsumerGroupGrain
{
    public Task<JoinGroupResponse?> JoinAsync(JoinGroupRequest request) => AskAsync<JoinGroupResponse>(request);

    public Task<SyncGroupResponse?> SyncAsync(SyncGroupRequest request) => AskAsync<SyncGroupResponse>(request);

    public async Task<HeartbeatResponse> HeartbeatAsync(HeartbeatRequest request) => (await AskAsync<HeartbeatResponse>(request))!;

    public async Task<LeaveGroupResponse> LeaveAsync(LeaveGroupRequest request) => (await AskAsync<LeaveGroupResponse>(request))!;

    public async Task<OffsetCommitResponse> CommitOffsetsAsync(OffsetCommitRequest request) => (await AskAsync<OffsetCommitResponse>(request))!;

    public async Task<OffsetFetchResponse> FetchOffsetsAsync(OffsetFetchRequest request) => (await AskAsync<OffsetFetchResponse>(request))!;

    public async Task<DescribeGroupsResponse> DescribeAsync() => (await AskAsync<DescribeGroupsResponse>(new DescribeGroupsRequest()))!;
}
