// Stands between Orleans' scheduler and the broker's threads.
#pragma warning disable RS0030

using Microsoft.Extensions.Logging;
using OrleansBroker.Embedded;
using OrleansBroker.Grains.Membership;

namespace OrleansBroker.Grains.Hosting;

/// <summary>
/// Runs the broker while the silo is active: it opens once the silo can be asked, and hands its leaderships over before the silo
/// leaves.
/// </summary>
internal sealed class SiloBroker(EmbeddedBrokerOptions options, SiloLinks links, SiloMembership membership, ILogger<SiloBroker> logger) : ILifecycleParticipant<ISiloLifecycle>
{
    private const int Stage = ServiceLifecycleStage.Active + 1;

    private ListeningBroker? _broker;

    /// <summary>Where clients connect: <c>host:port</c>. Empty until they can.</summary>
    public string Endpoint => _broker?.Endpoint ?? string.Empty;

    public void Participate(ISiloLifecycle lifecycle) => lifecycle.Subscribe(nameof(SiloBroker), Stage, cancellation => Task.Run(() => StartAsync(cancellation), cancellation), cancellation => Task.Run(() => StopAsync(cancellation), CancellationToken.None));

    /// <summary>Answers nobody any more, at once: the cluster takes this silo to be dead.</summary>
    public void Sever() => _broker?.Pause();

    private async Task StartAsync(CancellationToken cancellation)
    {
        try
        {
            await membership.StartAsync(cancellation);
            _broker = await ListeningBroker.StartAsync(options, links, cancellation);
        }
        catch (BrokerStartException e)
        {
            GrainsLog.NotStarted(logger, e.Message);
            throw;
        }
    }

    /// <param name="cancellation">Cancelled where there is no time left for a clean stop.</param>
    private async Task StopAsync(CancellationToken cancellation)
    {
        if (_broker is { } broker)
        {
            await (cancellation.IsCancellationRequested ? broker.KillAsync() : broker.DisposeAsync().AsTask());
        }

        await membership.StopAsync();
    }
}
