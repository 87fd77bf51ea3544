namespace OrleansBroker.Core.Peers;

/// <summary>A question of one broker to another. It names its own answer, so that hosts carry all of them alike.</summary>
/// <typeparam name="TReply">Not changed once it is given.</typeparam>
public abstract record PeerRequest<TReply>
{
    /// <summary>How long the host waits for the answer.</summary>
    public virtual TimeSpan AnswerWithin => TimeSpan.FromSeconds(2);

    /// <summary>Has the broker that was asked answer. Called by the host, away from the threads that poll sockets.</summary>
    public abstract ValueTask<TReply> AnswerAsync(PeerService peer);
}
