using OrleansBroker.Core;
using OrleansBroker.Server.Handlers;

namespace OrleansBroker.Server.Fetching;

/// <summary>What the reads of one fetch have in common.</summary>
/// <param name="IsNew">The request was not looked at before: what its offsets say of a follower is noted once.</param>
internal readonly record struct FetchScope(BrokerServices Broker, RequestContext Context, FetchSender Sender, bool IsNew);
