using System.Runtime.CompilerServices;
using OrleansBroker.Core;
using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Messages;
using OrleansBroker.Server.Fetching;
using OrleansBroker.Server.Network;

namespace OrleansBroker.Server.Handlers;

/// <summary>
/// Reads record batches from partitions, in a fetch session or without. Where there is less than the consumer asks for, it waits
/// on the appends themselves. The records stay in their segment files: the response says where they lie.
/// </summary>
internal sealed class FetchHandler(BrokerServices broker, ListenerOptions options) : IHandler<FetchRequest, FetchResponse>
{
    private const sbyte ReadCommitted = 1;
    private const short TopicIdsSince = 13;

    private readonly FetchSessionCache _sessions = new(options.FetchSessionsMax, broker.Random.Fork());

    public ValueTask<FetchResponse> HandleAsync(FetchRequest request, RequestContext context)
    {
        var fetch = context.Fetch;
        var error = Begin(request, context.ApiVersion, fetch);
        if (error != ErrorCode.None)
        {
            return new ValueTask<FetchResponse>(new FetchResponse { ErrorCode = error });
        }

        if ((request.ReplicaState?.ReplicaId ?? request.ReplicaId) >= 0)
        {
            // No partition is assigned to another broker.
            fetch.Refuse(ErrorCode.NotLeaderOrFollower);
            return new ValueTask<FetchResponse>(Answer(request, fetch));
        }

        Read(request, fetch);
        return IsEnough(request, fetch) || request.MaxWaitMs <= 0
            ? new ValueTask<FetchResponse>(Answer(request, fetch))
            : WaitAsync(request, context, fetch);
    }

    /// <summary>Finds the partitions that the request is about.</summary>
    private ErrorCode Begin(FetchRequest request, short version, FetchConnection fetch)
    {
        var usesTopicIds = version >= TopicIdsSince;
        var nowMs = broker.NowMs;
        if (IsIncremental(request))
        {
            return Continue(request, usesTopicIds, nowMs, fetch);
        }

        if (request.SessionId != 0)
        {
            _sessions.Remove(request.SessionId);
        }

        var session = request.SessionEpoch == FetchRequest.InitialEpoch
            ? _sessions.TryCreate(request.Topics.Sum(topic => topic.Partitions.Length), usesTopicIds, nowMs)
            : null;
        if (session is null)
        {
            fetch.Begin(request, usesTopicIds);
        }
        else
        {
            session.Update(request);
            fetch.Begin(session);
        }

        return ErrorCode.None;
    }

    private ErrorCode Continue(FetchRequest request, bool usesTopicIds, long nowMs, FetchConnection fetch)
    {
        var error = _sessions.TryContinue(request.SessionId, request.SessionEpoch, usesTopicIds, nowMs, out var session);
        if (error == ErrorCode.None)
        {
            session!.Update(request);
            fetch.Begin(session);
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
        }

        return error;
    }

    private static bool IsIncremental(FetchRequest request) => request.SessionEpoch is not (FetchRequest.InitialEpoch or FetchRequest.FinalEpoch);

    private void Read(FetchRequest request, FetchConnection fetch) => fetch.Read(broker.Partitions, BytesMax(request));

    private int BytesMax(FetchRequest request) => Math.Min(request.MaxBytes, options.FetchBytesMax);

    private bool IsEnough(FetchRequest request, FetchConnection fetch) =>
        fetch.IsUrgent || fetch.Partitions.Count == 0 || fetch.Bytes >= Math.Min(request.MinBytes, BytesMax(request));

    private static FetchResponse Answer(FetchRequest request, FetchConnection fetch)
    {
        var response = FetchAnswer.Of(fetch, IsIncremental(request), request.IsolationLevel == ReadCommitted);
        fetch.End();
        return response;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<FetchResponse> WaitAsync(FetchRequest request, RequestContext context, FetchConnection fetch)
    {
        var poll = fetch.Poll(broker.Clock, context.Closed);
        poll.Begin(request.MaxWaitMs);
        fetch.Listen(poll);
        try
        {
            while (true)
            {
                poll.Arm();
                Read(request, fetch);
                if (IsEnough(request, fetch) || poll.IsOver)
                {
                    return Answer(request, fetch);
                }

                await poll.WaitAsync();
            }
        }
        finally
        {
            poll.End();
            fetch.Unlisten(poll);
        }
    }
}
