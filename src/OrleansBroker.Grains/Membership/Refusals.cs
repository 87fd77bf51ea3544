// Runs beside Orleans' connections, and on no scheduler of its.
#pragma warning disable RS0030

using System.Collections.Concurrent;
using System.Net;
using Microsoft.Extensions.Logging;

namespace OrleansBroker.Grains.Membership;

/// <summary>
/// Has a silo declared dead whose process has ended, sooner than missed probes would: the machine of such a process refuses
/// connections at once, where one that is only slow, paused or cut off leaves them without an answer.
/// <code>
/// a connection to the silo ends -> it refuses another -> this and, asked, more than half of the brokers believed alive
///                                                        see it refuse twice and answer no call -> declared dead
/// </code>
/// The silo itself counts among those believed alive: of two brokers none can do this alone, nor the last one of three.
/// </summary>
internal sealed class Refusals(ISilosAround silos, TimeProvider clock, ILogger<Refusals> logger)
{
    /// <summary>A listener that is opened anew is back by then.</summary>
    private static readonly TimeSpan LookAgainAfter = TimeSpan.FromMilliseconds(100);

    /// <summary>What was declared is to be seen by then.</summary>
    private static readonly TimeSpan DeclareAgainAfter = TimeSpan.FromMilliseconds(250);

    private const int LooksMax = 2;

    private readonly ConcurrentDictionary<SiloAddress, bool> _suspected = new();

    /// <summary>Looks after the silos of an address to which a connection has ended.</summary>
    /// <returns>When all is done that follows.</returns>
    public Task ConnectionEndedAsync(IPAddress address) => silos.Active.Contains(silos.Self)
        ? Task.WhenAll(silos.Active.Where(silo => !silo.Equals(silos.Self) && silo.Endpoint.Address.Equals(address)).Select(SuspectAsync))
        : Task.CompletedTask;

    /// <summary>Whether this silo sees for itself that the process of another has ended.</summary>
    public async Task<bool> SeesEndedAsync(SiloAddress silo)
    {
        if (!await silos.RefusesAsync(silo))
        {
            return false;
        }

        var answering = silos.AnswersAsync(silo);
        await Task.Delay(LookAgainAfter, clock);
        return await silos.RefusesAsync(silo) && !await answering;
    }

    /// <summary>Whether this silo believes another alive.</summary>
    public bool TakesToLive(SiloAddress silo) => silos.Active.Contains(silo);

    private async Task SuspectAsync(SiloAddress silo)
    {
        if (!_suspected.TryAdd(silo, true))
        {
            return;
        }

        try
        {
            await RefusalAsync(silo);
            while (silos.Active.Contains(silo) && await IsEndedToMostAsync(silo))
            {
                await silos.DeclareDeadAsync(silo);
                await Task.Delay(DeclareAgainAfter, clock);
            }
        }
        finally
        {
            _suspected.TryRemove(silo, out _);
        }
    }

    /// <summary>The kernel closes what a process leaves behind one after the other: the connection may be gone before the listener.</summary>
    private async Task RefusalAsync(SiloAddress silo)
    {
        for (var looks = 0; looks < LooksMax && !await silos.RefusesAsync(silo); looks++)
        {
            await Task.Delay(LookAgainAfter, clock);
        }
    }

    private async Task<bool> IsEndedToMostAsync(SiloAddress silo)
    {
        var alive = silos.Active;
        if (!await silos.RefusesAsync(silo))
        {
            return false;
        }

        var others = alive.Where(other => !other.Equals(silo) && !other.Equals(silos.Self)).Select(witness => silos.AskAsync(witness, silo)).ToArray();
        if (!await SeesEndedAsync(silo))
        {
            return false;
        }

        var seeing = 1 + (await Task.WhenAll(others)).Count(sees => sees);
        var areMost = seeing * 2 > alive.Count;
        GrainsLog.Refused(logger, silo, seeing, alive.Count, areMost ? "it is declared dead" : "its probes decide");
        return areMost;
    }
}
