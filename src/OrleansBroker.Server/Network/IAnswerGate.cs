namespace OrleansBroker.Server.Network;

/// <summary>Holds up what a broker does and answers while it cannot know whether it is still what it takes itself to be.</summary>
public interface IAnswerGate
{
    /// <summary>Null while it is open; otherwise completes when it is time to look again. It is asked before and after each request is handled.</summary>
    Task? Closed { get; }
}
