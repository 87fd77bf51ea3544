using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Messages;
using OrleansBroker.Protocol.Wire;

namespace OrleansBroker.Core.Peers.Wire;

/// <summary>
/// The questions of brokers to each other on the wire. A field that is added has a new <see cref="VersionMax"/> as its first version;
/// brokers speak the highest version that both know, so that brokers of different builds make one cluster. Another kind of question
/// is another line of the table.
/// </summary>
public static class PeerMessages
{
    public const short VersionMin = 0;
    public const short VersionMax = 1;

    private static readonly Dictionary<Type, PeerApi> ByRequest = [];
    private static readonly Dictionary<short, PeerApi> ByKind = [];

    static PeerMessages()
    {
        Add(new PeerApi<Announce, bool, AnnouncementMessage, EmptyMessage>(1, ask => new(ask.News), message => new(message.ToNews()), _ => new(), _ => true));
        Add(new PeerApi<PullAnnouncements, Announcement, PullAnnouncementsMessage, AnnouncementMessage>(
            2, ask => new() { BrokerEpoch = ask.BrokerEpoch, Since = ask.Since }, message => new(message.BrokerEpoch, message.Since), news => new(news), message => message.ToNews()));
        Add(new PeerApi<DescribeReplicas, IReadOnlyList<DescribedReplica>, ReplicaKeysMessage, DescribedReplicasMessage>(
            3, ask => new(ask.Partitions), message => new(message.ToKeys()), described => new(described), message => message.ToDescribed()));
        Add(new PeerApi<TakeLeadership, IReadOnlyList<ErrorCode>, TakeLeadershipMessage, ErrorsMessage>(
            4, ask => new(ask), message => message.ToRequest(), errors => new(errors), message => message.ToErrors()));
        Add(new PeerApi<AlterReassignments, IReadOnlyList<AlteredReassignment>, AlterReassignmentsMessage, AlteredReassignmentsMessage>(
            5, ask => new(ask), message => message.ToRequest(), altered => new(altered), message => message.ToAltered()));
        Add(new PeerApi<CatalogChanged, bool, CatalogChangedMessage, EmptyMessage>(6, ask => new() { CatalogVersion = ask.Version }, message => new(message.CatalogVersion), _ => new(), _ => true));
        Add(new PeerApi<ForwardedFirstUse, ErrorCode[], NamesMessage, ErrorsMessage>(7, ask => new() { Names = [.. ask.Names] }, message => new(message.Names), errors => new(errors), message => message.ToErrors()));
        AddForwarded<ForwardedCreateTopics, CreateTopicsRequest, CreateTopicsResponse>(8, ask => ask.Request, request => new(request));
        AddForwarded<ForwardedDeleteTopics, DeleteTopicsRequest, DeleteTopicsResponse>(9, ask => ask.Request, request => new(request));
        AddForwarded<ForwardedCreatePartitions, CreatePartitionsRequest, CreatePartitionsResponse>(10, ask => ask.Request, request => new(request));
        AddForwarded<ForwardedAlterConfigs, AlterConfigsRequest, AlterConfigsResponse>(11, ask => ask.Request, request => new(request));
        AddForwarded<ForwardedIncrementalAlterConfigs, IncrementalAlterConfigsRequest, IncrementalAlterConfigsResponse>(12, ask => ask.Request, request => new(request));
        Add(new PeerApi<ReportFailedReplicas, bool, ReportFailedReplicasMessage, EmptyMessage>(13, ask => new(ask), message => message.ToRequest(), _ => new(), _ => true));
        Add(new PeerApi<MoveReplicas, IReadOnlyList<AlteredReassignment>, MoveReplicasMessage, AlteredReassignmentsMessage>(
            14, ask => new(ask), message => message.ToRequest(), altered => new(altered), message => message.ToAltered()));
    }

    /// <summary>The types of the questions that can be sent.</summary>
    public static IEnumerable<Type> RequestTypes => ByRequest.Keys;

    /// <param name="version">The highest that the broker that is asked knows, or less.</param>
    public static PeerFrame Write<TReply>(PeerRequest<TReply> request, short version)
    {
        var api = ByRequest[request.GetType()];
        version = Math.Min(version, VersionMax);
        return new() { Kind = api.Kind, Version = version, Body = api.WriteRequest(request, version) };
    }

    /// <summary>Answers a question that another broker asked.</summary>
    /// <exception cref="MalformedMessageException">It is none, or one of a later build.</exception>
    public static async ValueTask<PeerFrame> AnswerAsync(PeerFrame request, PeerService peer)
    {
        if (!ByKind.TryGetValue(request.Kind, out var api) || request.Version is < VersionMin or > VersionMax)
        {
            throw new MalformedMessageException($"a question of kind {request.Kind}, version {request.Version}, from another broker is not known to this build");
        }

        return new() { Kind = request.Kind, Version = request.Version, Body = await api.AnswerAsync(request.Body, request.Version, peer) };
    }

    /// <exception cref="MalformedMessageException">It is not a reply to that request.</exception>
    public static TReply ReadReply<TReply>(PeerRequest<TReply> request, PeerFrame reply)
    {
        var api = ByRequest[request.GetType()];
        return api.Kind == reply.Kind ? ((IPeerApi<TReply>)api).ReadReply(reply.Body, reply.Version)
            : throw new MalformedMessageException($"the reply to a question of kind {api.Kind} is of kind {reply.Kind}");
    }

    private static void Add(PeerApi api)
    {
        ByRequest.Add(api.RequestType, api);
        ByKind.Add(api.Kind, api);
    }

    private static void AddForwarded<TForwarded, TRequest, TResponse>(short kind, Func<TForwarded, TRequest> inner, Func<TRequest, TForwarded> forward)
        where TForwarded : CatalogRequest<TResponse>
        where TRequest : class, IRequest<TResponse>, new()
        where TResponse : class, IWireStruct, new() =>
        Add(new PeerApi<TForwarded, TResponse, RequestMessage<TRequest>, ResponseMessage<TRequest, TResponse>>(
            kind, ask => new() { Request = inner(ask) }, message => forward(message.Request), response => new() { Response = response }, message => message.Response));
}
