using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace OrleansBroker.Grains.Hosting.Health;

/// <summary>One side of a broker's health. It waits for nothing.</summary>
internal sealed class BrokerHealthCheck(Func<HealthCheckResult> look) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) => Task.FromResult(look());
}
