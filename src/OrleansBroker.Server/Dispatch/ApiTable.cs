using OrleansBroker.Core;
using OrleansBroker.Protocol.Messages;
using OrleansBroker.Protocol.Wire;
using OrleansBroker.Server.Handlers;
using OrleansBroker.Server.Network;

namespace OrleansBroker.Server.Dispatch;

/// <summary>
/// The APIs that a broker serves, a line each. It drives dispatch, the ApiVersions answer and <c>docs/protocol-support.md</c>:
/// what is not in it is not advertised, and a request for it closes the connection.
/// </summary>
public static class ApiTable
{
    internal static readonly ServedApi[] Served =
    [
        Serve<ProduceRequest, ProduceResponse>(broker => new ProduceHandler(broker), "no transactions"),
        Serve<FetchRequest, FetchResponse>((broker, options) => new FetchHandler(broker, options)),
        Serve<ListOffsetsRequest, ListOffsetsResponse>(broker => new ListOffsetsHandler(broker)),
        Serve<ApiVersionsRequest, ApiVersionsResponse>(_ => new ApiVersionsHandler()),
        Serve<DeleteRecordsRequest, DeleteRecordsResponse>(broker => new DeleteRecordsHandler(broker)),
        Serve<InitProducerIdRequest, InitProducerIdResponse>(broker => new InitProducerIdHandler(broker), "without a transactional id"),
        Serve<OffsetForLeaderEpochRequest, OffsetForLeaderEpochResponse>(broker => new OffsetForLeaderEpochHandler(broker)),
        Serve<DescribeProducersRequest, DescribeProducersResponse>(broker => new DescribeProducersHandler(broker)),
        Serve<MetadataRequest, MetadataResponse>(broker => new MetadataHandler(broker)),
        Serve<CreateTopicsRequest, CreateTopicsResponse>(broker => new CreateTopicsHandler(broker)),
        Serve<DeleteTopicsRequest, DeleteTopicsResponse>(broker => new DeleteTopicsHandler(broker), "internal topics stay"),
        Serve<CreatePartitionsRequest, CreatePartitionsResponse>(broker => new CreatePartitionsHandler(broker), "internal topics stay as they are"),
        Serve<ElectLeadersRequest, ElectLeadersResponse>(broker => new ElectLeadersHandler(broker)),
        Serve<AlterPartitionReassignmentsRequest, AlterPartitionReassignmentsResponse>(broker => new AlterPartitionReassignmentsHandler(broker)),
        Serve<ListPartitionReassignmentsRequest, ListPartitionReassignmentsResponse>(broker => new ListPartitionReassignmentsHandler(broker)),
        Serve<DescribeConfigsRequest, DescribeConfigsResponse>(broker => new DescribeConfigsHandler(broker), "topics and brokers"),
        Serve<AlterConfigsRequest, AlterConfigsResponse>(broker => new AlterConfigsHandler(broker), "topics and brokers"),
        Serve<IncrementalAlterConfigsRequest, IncrementalAlterConfigsResponse>(broker => new IncrementalAlterConfigsHandler(broker), "topics and brokers"),
        Serve<DescribeLogDirsRequest, DescribeLogDirsResponse>(broker => new DescribeLogDirsHandler(broker)),
        Serve<DescribeClusterRequest, DescribeClusterResponse>(broker => new DescribeClusterHandler(broker)),
        Serve<DescribeTopicPartitionsRequest, DescribeTopicPartitionsResponse>(broker => new DescribeTopicPartitionsHandler(broker)),
        Serve<FindCoordinatorRequest, FindCoordinatorResponse>(broker => new FindCoordinatorHandler(broker), "groups only"),
        Serve<JoinGroupRequest, JoinGroupResponse>(broker => new JoinGroupHandler(broker)),
        Serve<SyncGroupRequest, SyncGroupResponse>(broker => new SyncGroupHandler(broker)),
        Serve<HeartbeatRequest, HeartbeatResponse>(broker => new HeartbeatHandler(broker)),
        Serve<LeaveGroupRequest, LeaveGroupResponse>(broker => new LeaveGroupHandler(broker)),
        Serve<OffsetCommitRequest, OffsetCommitResponse>(broker => new OffsetCommitHandler(broker)),
        Serve<OffsetFetchRequest, OffsetFetchResponse>(broker => new OffsetFetchHandler(broker)),
        Serve<OffsetDeleteRequest, OffsetDeleteResponse>(broker => new OffsetDeleteHandler(broker)),
        Serve<DescribeGroupsRequest, DescribeGroupsResponse>(broker => new DescribeGroupsHandler(broker)),
        Serve<ListGroupsRequest, ListGroupsResponse>(broker => new ListGroupsHandler(broker)),
        Serve<DeleteGroupsRequest, DeleteGroupsResponse>(broker => new DeleteGroupsHandler(broker)),
    ];

    /// <summary>The page <c>docs/protocol-support.md</c>.</summary>
    public static string PrintMarkdown() => ProtocolSupport.Print(Served);

    private static ServedApi Serve<TRequest, TResponse>(Func<BrokerServices, IHandler<TRequest, TResponse>> handler, string note = "")
        where TRequest : class, IRequest<TResponse>, new()
        where TResponse : class, IWireStruct, new() =>
        Serve((broker, _) => handler(broker), note);

    private static ServedApi Serve<TRequest, TResponse>(
        Func<BrokerServices, ListenerOptions, IHandler<TRequest, TResponse>> handler,
        string note = "")
        where TRequest : class, IRequest<TResponse>, new()
        where TResponse : class, IWireStruct, new() =>
        new(
            TRequest.Api,
            TRequest.Api.VersionMin,
            TRequest.Api.VersionMax,
            note,
            (served, broker, options) => new Endpoint<TRequest, TResponse>(served, handler(broker, options)));
}
