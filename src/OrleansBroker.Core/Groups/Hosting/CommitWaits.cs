using OrleansBroker.Protocol;

namespace OrleansBroker.Core.Groups.Hosting;

/// <summary>
/// Replies that are sent once what they rest on is committed. They wait no longer than <c>offsets.commit.timeout.ms</c>: the
/// records may be committed after that, as after any answer that is lost. Used under the lock of the shard.
/// </summary>
internal sealed class CommitWaits(int timeoutMs)
{
    private readonly Queue<(long DeadlineMs, PendingReply Reply)> _waiting = [];

    /// <summary><see cref="Expire"/> has nothing to do before.</summary>
    public long NextDeadlineMs => _waiting.TryPeek(out var first) ? first.DeadlineMs : long.MaxValue;

    /// <param name="committed">Completes when everything that the replies rest on is committed, or with the error of the log.</param>
    public void Add(Task<ErrorCode> committed, List<(PendingReply Reply, object Response)> replies, long nowMs)
    {
        while (_waiting.TryPeek(out var first) && first.Reply.IsAnswered)
        {
            _waiting.Dequeue();
        }

        foreach (var (reply, _) in replies)
        {
            _waiting.Enqueue((nowMs + timeoutMs, reply));
        }

        _ = AnswerAsync(committed, replies);
    }

    public void Expire(long nowMs)
    {
        while (_waiting.TryPeek(out var first) && first.DeadlineMs <= nowMs)
        {
            _waiting.Dequeue();
            first.Reply.Refuse(GroupRefusals.ToClient(ErrorCode.RequestTimedOut));
        }
    }

    private static async Task AnswerAsync(Task<ErrorCode> committed, List<(PendingReply Reply, object Response)> replies)
    {
        var error = await committed;
        foreach (var (reply, response) in replies)
        {
            if (error == ErrorCode.None)
            {
                reply.Answer(response);
            }
            else
            {
                reply.Refuse(GroupRefusals.ToClient(error));
            }
        }
    }
}
