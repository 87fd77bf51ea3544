using Microsoft.Extensions.Diagnostics.HealthChecks;
using OrleansBroker.Core.Diagnostics;

namespace OrleansBroker.Grains.Hosting.Health;

/// <summary>
/// How the broker of this silo is. What is away but not needed to serve clients is told as degraded: neither a restart nor being left
/// alone by clients would help.
/// </summary>
internal sealed class BrokerHealth(LocalBroker local, SiloBroker broker, StoreWatch stores)
{
    /// <summary>False only where a restart is what helps.</summary>
    public HealthCheckResult Live() => local.IsSevered
        ? HealthCheckResult.Unhealthy("the cluster takes this silo to be dead, or it cannot go on: it answers nobody any more")
        : HealthCheckResult.Healthy();

    /// <summary>Whether clients are answered.</summary>
    public HealthCheckResult Ready()
    {
        if (local.IsSevered)
        {
            return Live();
        }

        return broker.Endpoint.Length == 0 ? HealthCheckResult.Unhealthy("the broker has not opened yet")
            : local.Introduction is not { IsDraining: false, IsLeaving: false } ? HealthCheckResult.Unhealthy("the broker is stopping")
            : HealthCheckResult.Healthy();
    }

    public HealthCheckResult Membership() => stores.IsMembershipAway
        ? HealthCheckResult.Degraded("the membership table cannot be read: no broker is found dead, and none can join")
        : HealthCheckResult.Healthy();

    public HealthCheckResult Documents() => stores.AreDocumentsAway
        ? HealthCheckResult.Degraded("the document store does not answer: no leader is elected, no in-sync replica added or dropped, and no topic created")
        : HealthCheckResult.Healthy();

    public HealthCheckResult Partitions()
    {
        if (local.Host is not { } host)
        {
            return HealthCheckResult.Healthy("the broker has not opened yet");
        }

        var health = PartitionHealth.Of(host.Services);
        var data = new Dictionary<string, object>
        {
            ["leaderless"] = health.Leaderless,
            ["underMinIsr"] = health.UnderMinIsr,
            ["underReplicated"] = health.UnderReplicated,
            ["failed"] = health.Failed,
        };
        return health.Leaderless + health.UnderMinIsr + health.Failed > 0
            ? HealthCheckResult.Degraded($"{health.Leaderless} partitions without a leader, {health.UnderMinIsr} with too few in-sync replicas, {health.Failed} with a log that failed", data: data)
            : HealthCheckResult.Healthy(data: data);
    }
}
