using OrleansBroker.Protocol;

namespace OrleansBroker.Storage;

/// <param name="Epoch">Stamped into the batches, unless they are replicated.</param>
/// <param name="NowMs">For timestamp bounds, LogAppendTime and rolling.</param>
public readonly record struct AppendOptions(LeaderEpoch Epoch, long NowMs, AppendOrigin Origin = AppendOrigin.Client)
{
    /// <summary>Where the log must end: refused where somebody else has appended meanwhile. Null: anywhere.</summary>
    public long? EndOffset { get; init; }
}
