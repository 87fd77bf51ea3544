// The broker's code runs on the thread pool: on the scheduler of an activation, one long answer would hold up all others.
#pragma warning disable RS0030

using OrleansBroker.Grains.Placement;

namespace OrleansBroker.Grains.Doors;

/// <summary>
/// A grain that has no state: what it is asked the broker of its silo answers, or, where it is another's business, that one, which is
/// asked once and does not ask on. The activation then moves there. So two activations of one grain do no harm, wherever they are.
/// </summary>
internal abstract class DoorGrain(DoorServices services, BrokerPlacement placement) : Grain
{
    protected LocalBroker Local => services.Local;

    /// <param name="request">Not changed.</param>
    /// <param name="forwarded">What another broker is asked in its place: a call to another silo ends soon, since a grain moves only when it is idle.</param>
    protected async Task<TResponse?> AskAsync<TResponse>(object request, object? forwarded = null)
        where TResponse : class
    {
        var key = this.GetPrimaryKeyString();
        if (Local.Host is not { } host || Local.Door is not { } door)
        {
            MigrateOnIdle();
            return (TResponse?)NotRun.Answer(key, request);
        }

        if (placement.FindOwner(host, key) is { Value: >= 0 } owner && owner != host.Services.Id && services.Membership.Find(owner) is { } silo)
        {
            GrainsLog.Moves(services.Logger, this.GetGrainId(), owner);
            MigrateOnIdle();
            return (TResponse?)await services.Brokers.At(silo).HandleAsync(key, forwarded ?? request);
        }

        return (TResponse?)await Task.Run(() => door.HandleAsync(key, request).AsTask());
    }
}
