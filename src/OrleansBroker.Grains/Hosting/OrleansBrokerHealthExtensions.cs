using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using OrleansBroker.Grains.Hosting.Health;

namespace Orleans.Hosting;

/// <summary>The health of a silo's broker, as ASP.NET and Kubernetes ask for it.</summary>
public static class OrleansBrokerHealthExtensions
{
    /// <summary>Whether a restart would help: for a liveness probe.</summary>
    public const string Live = "live";

    /// <summary>Whether clients are answered: for a readiness probe.</summary>
    public const string Ready = "ready";

    /// <summary>
    /// Adds <c>orleansbroker.live</c> (tag <see cref="Live"/>), <c>orleansbroker.ready</c> (tag <see cref="Ready"/>), and what is
    /// degraded at worst: <c>orleansbroker.membership</c>, <c>orleansbroker.documents</c>, <c>orleansbroker.partitions</c>. The silo
    /// has a broker by <see cref="OrleansBrokerHostingExtensions"/>.
    /// </summary>
    public static IHealthChecksBuilder AddOrleansBroker(this IHealthChecksBuilder builder) => builder
        .Add("live", health => health.Live(), Live)
        .Add("ready", health => health.Ready(), Ready)
        .Add("membership", health => health.Membership())
        .Add("documents", health => health.Documents())
        .Add("partitions", health => health.Partitions());

    private static IHealthChecksBuilder Add(this IHealthChecksBuilder builder, string name, Func<BrokerHealth, HealthCheckResult> look, params string[] tags) => builder.Add(
        new HealthCheckRegistration($"orleansbroker.{name}", provider => new BrokerHealthCheck(() => look(provider.GetRequiredService<BrokerHealth>())), failureStatus: null, tags));
}
