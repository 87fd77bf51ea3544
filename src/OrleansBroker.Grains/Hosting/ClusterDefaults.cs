using Orleans.Configuration;

namespace OrleansBroker.Grains.Hosting;

/// <summary>How soon a silo is known to be dead, as measured with three silos: docs/operations/silos.md says what each costs.</summary>
internal static class ClusterDefaults
{
    public static void Apply(ClusterMembershipOptions options)
    {
        options.ProbeTimeout = TimeSpan.FromSeconds(1);
        options.MinProbeTimeout = TimeSpan.FromSeconds(0.5);
        options.MaxProbeTimeout = TimeSpan.FromSeconds(1);
        options.NumMissedProbesLimit = 3;

        // It takes two votes, and those of a broker's earlier life count for one of them as long as they are fresh: a broker that is
        // cut off, declared dead and started again would have a healthy one declared dead alone. Whoever gets no answer votes again
        // every second.
        options.DeathVoteExpirationTimeout = TimeSpan.FromSeconds(5);
        options.EnableIndirectProbes = false;
        options.EnableConnectionLivenessCheck = false;
        options.IAmAliveTablePublishTimeout = TimeSpan.FromSeconds(1);
        options.TableRefreshTimeout = TimeSpan.FromSeconds(2);
    }
}
