using OrleansBroker.Protocol;

namespace OrleansBroker.Core.Groups.Hosting;

/// <summary>A request that waits for its reply.</summary>
internal abstract class PendingReply
{
    public abstract bool IsAnswered { get; }

    public abstract void Answer(object response);

    public abstract void Refuse(ErrorCode error);
}
