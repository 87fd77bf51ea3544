// Stands between Orleans' scheduler and the broker's threads.
#pragma warning disable RS0030

using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OrleansBroker.Core.Peers.Wire;
using OrleansBroker.Embedded;
using OrleansBroker.Grains.Doors;
using OrleansBroker.Grains.Hosting.Health;
using OrleansBroker.Grains.Membership;

namespace OrleansBroker.Grains.Hosting;

/// <summary>
/// Runs the broker while the silo is active: it opens once the silo can be asked, and hands its leaderships over before the silo
/// leaves.
/// </summary>
/// <param name="alone">The broker where it opens by itself: then it is only shown to the silo.</param>
internal sealed class SiloBroker(
    IOptions<OrleansBrokerOptions> brokerOptions, EmbeddedBrokerOptions options, SiloLinks links, SiloMembership membership, LocalBroker local, PauseWatch pauses, StoreWatch stores, TimeProvider clock, ILogger<SiloBroker> logger, OpeningBroker? alone = null)
    : ILifecycleParticipant<ISiloLifecycle>
{
    private const int Stage = ServiceLifecycleStage.Active + 1;

    // Of the two minutes that silo/run gives a stop: the logs are closed in what is left.
    private static readonly TimeSpan DrainWithin = TimeSpan.FromMinutes(1);

    private volatile ListeningBroker? _broker;

    /// <summary>Where clients connect: <c>host:port</c>. Empty until they can.</summary>
    public string Endpoint => _broker?.Endpoint ?? string.Empty;

    public void Participate(ISiloLifecycle lifecycle) => lifecycle.Subscribe(nameof(SiloBroker), Stage, cancellation => Task.Run(() => StartAsync(cancellation), cancellation), cancellation => Task.Run(() => StopAsync(cancellation), CancellationToken.None));

    private async Task StartAsync(CancellationToken cancellation)
    {
        try
        {
            local.Severing = () => _broker?.Pause();
            _broker = await (alone is null ? OpenAsync(cancellation) : ShowAsync(alone, cancellation));
            if (local.IsSevered)
            {
                _broker.Pause();
            }
        }
        catch (BrokerStartException e)
        {
            GrainsLog.NotStarted(logger, e.Message);
            throw;
        }
    }

    private async Task<ListeningBroker> OpenAsync(CancellationToken cancellation)
    {
        await membership.StartAsync(cancellation);
        if (brokerOptions.Value.Storage is null && membership.FindAnother() is { } other)
        {
            throw new BrokerStartException($"{nameof(OrleansBrokerOptions.Storage)}: not given, which is for a broker that is alone: its cluster has broker {other}");
        }

        pauses.Start();
        var broker = await ListeningBroker.StartAsync(options, links, cancellation);
        stores.Start();
        broker.Meter?.CreateObservableGauge("orleansbroker.membership.away", () => stores.IsMembershipAway ? 1 : 0, "1", "1 while the membership table cannot be read.");
        return broker;
    }

    private async Task<ListeningBroker> ShowAsync(OpeningBroker opening, CancellationToken cancellation)
    {
        var broker = (await opening.Opened).Listening;

        // Whoever opened it may also end it before the silo does.
        broker.Closing = local.CloseDoorAsync;
        local.Open(new BrokerDoor(broker.Host!, local, pauses: null, BrokerDoor.WaitMax));
        local.Show(broker.Host, new BrokerIntroduction(membership.Self, broker.Host!.Registration));
        await membership.StartAsync(cancellation);
        return broker;
    }

    /// <param name="cancellation">Cancelled where there is no time left for a clean stop.</param>
    private async Task StopAsync(CancellationToken cancellation)
    {
        await stores.StopAsync();
        if (_broker is { } broker)
        {
            using var limit = new CancellationTokenSource(DrainWithin, clock);
            using var draining = CancellationTokenSource.CreateLinkedTokenSource(cancellation, limit.Token);
            if (cancellation.IsCancellationRequested)
            {
                await local.CloseDoorAsync();
            }

            await (cancellation.IsCancellationRequested ? broker.KillAsync() : broker.StopAsync(draining.Token));
            await local.CloseDoorAsync();
        }

        pauses.Dispose();
        await membership.StopAsync();
    }
}
