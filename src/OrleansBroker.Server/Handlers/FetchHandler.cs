using System.Runtime.CompilerServices;
using OrleansBroker.Core;
using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Messages;
using OrleansBroker.Server.Fetching;
using OrleansBroker.Server.Network;

namespace OrleansBroker.Server.Handlers;

/// <summary>
/// Reads record batches from partitions, in a fetch session or without: for consumers what is committed, from the leader or a
/// replica in their rack; for followers all there is, and what they ask for tells how far they are. Where there is less than is
/// asked for, it waits on the appends themselves. The records stay in their segment files: the response says where they lie.
/// </summary>
internal sealed class FetchHandler(BrokerServices broker, ListenerOptions options) : IHandler<FetchRequest, FetchResponse>
{
    private const sbyte ReadCommitted = 1;
    private const short TopicIdsSince = 13;
    private const short CurrentLeaderSince = 16;

    private readonly FetchSessionCache _sessions = new(options.FetchSessionsMax, broker.Random.Fork());

    public ValueTask<FetchResponse> HandleAsync(FetchRequest request, RequestContext context)
    {
        var fetch = context.Fetch;
        var sender = FetchSender.Of(request, context.ApiVersion, broker);
        var error = Begin(request, context.ApiVersion >= TopicIdsSince, sender, fetch);
        if (error != ErrorCode.None)
        {
            return new ValueTask<FetchResponse>(new FetchResponse { ErrorCode = error });
        }

        var scope = new FetchScope(broker, context, sender, IsNew: true);
        fetch.Read(scope, BytesMax(request));
        return IsEnough(request, fetch) || request.MaxWaitMs <= 0
            ? new ValueTask<FetchResponse>(Answer(request, context))
            : WaitAsync(request, scope with { IsNew = false }, fetch);
    }

    /// <summary>Finds the partitions that the request is about.</summary>
    private ErrorCode Begin(FetchRequest request, bool usesTopicIds, in FetchSender sender, FetchConnection fetch)
    {
        var nowMs = broker.NowMs;
        if (IsIncremental(request))
        {
            return Continue(request, usesTopicIds, sender, nowMs, fetch);
        }

        if (request.SessionId != 0)
        {
            _sessions.Remove(request.SessionId);
        }

        var session = request.SessionEpoch == FetchRequest.InitialEpoch
            ? _sessions.TryCreate(request.Topics.Sum(topic => topic.Partitions.Length), usesTopicIds, nowMs, sender.IsReplica)
            : null;
        if (session is null)
        {
            fetch.Begin(request, usesTopicIds);
        }
        else
        {
            session.Update(request);
            fetch.Begin(session, broker.Clock, sender.Timestamp);
        }

        return ErrorCode.None;
    }

    private ErrorCode Continue(FetchRequest request, bool usesTopicIds, in FetchSender sender, long nowMs, FetchConnection fetch)
    {
        var error = _sessions.TryContinue(request.SessionId, request.SessionEpoch, usesTopicIds, nowMs, out var session);
        if (error != ErrorCode.None)
        {
            // Its client does not wait for what it asked for before, or has more to ask for.
            session?.Interrupt();
            return error;
        }

        session!.Update(request);
        fetch.Begin(session, broker.Clock, sender.Timestamp);
        if (session.Size > FetchSession.PartitionsMax)
        {
            _sessions.Remove(session.Id);
            fetch.End();
            return ErrorCode.FetchSessionIdNotFound;
        }

        if (session.Partitions.Count == 0)
        {
            // Nothing is left in it: the client is told so by session id 0.
            _sessions.Remove(session.Id);
            fetch.End();
        }

        return ErrorCode.None;
    }

    private static bool IsIncremental(FetchRequest request) => request.SessionEpoch is not (FetchRequest.InitialEpoch or FetchRequest.FinalEpoch);

    private int BytesMax(FetchRequest request) => Math.Min(request.MaxBytes, options.FetchBytesMax);

    private bool IsEnough(FetchRequest request, FetchConnection fetch) =>
        fetch.IsUrgent || fetch.IsEmpty || fetch.Session is { IsInterrupted: true } || fetch.Bytes >= Math.Min(request.MinBytes, BytesMax(request));

    private FetchResponse Answer(FetchRequest request, RequestContext context)
    {
        var fetch = context.Fetch;
        var response = FetchAnswer.Of(fetch, IsIncremental(request), request.IsolationLevel == ReadCommitted);
        if (fetch.IsUrgent && context.ApiVersion >= CurrentLeaderSince)
        {
            FetchAnswer.NameLeaders(response, broker);
        }

        fetch.End();
        return response;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<FetchResponse> WaitAsync(FetchRequest request, FetchScope scope, FetchConnection fetch)
    {
        var context = scope.Context;
        var poll = fetch.Poll(broker.Clock, context.Stopping);
        poll.Begin(request.MaxWaitMs);
        fetch.Listen(poll, scope.Sender);
        try
        {
            while (true)
            {
                poll.Arm();
                fetch.LookAgain();
                fetch.Read(scope, BytesMax(request));
                if (IsEnough(request, fetch) || poll.IsOver)
                {
                    break;
                }

                // What this fetch told of a follower may be all that consumers and producers wait for.
                context.NotifyAppended();
                await poll.WaitAsync();
            }
        }
        finally
        {
            poll.End();
            fetch.Unlisten(poll, scope.Sender);
        }

        return Answer(request, context);
    }
}
