using OrleansBroker.Protocol;

namespace OrleansBroker.Core.Rebalancing;

/// <summary>A broker as a plan sees it. One that holds replicas and is not named is <see cref="BrokerUse.Away"/>.</summary>
public sealed record RebalanceBroker(BrokerId Id, string? Rack, BrokerUse Use);
