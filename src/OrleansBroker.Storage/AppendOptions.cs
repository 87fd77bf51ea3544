using OrleansBroker.Protocol;

namespace OrleansBroker.Storage;

/// <param name="Epoch">Stamped into the batches, unless they are replicated.</param>
/// <param name="NowMs">For timestamp bounds, LogAppendTime and rolling.</param>
public readonly record struct AppendOptions(LeaderEpoch Epoch, long NowMs, AppendOrigin Origin = AppendOrigin.Client);
