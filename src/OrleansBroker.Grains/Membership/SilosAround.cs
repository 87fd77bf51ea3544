// Stands between Orleans and the broker's own look at other silos.
#pragma warning disable RS0030

using System.Net.Sockets;
using OrleansBroker.Grains.Peers;

namespace OrleansBroker.Grains.Membership;

/// <summary>The other silos, by their sockets, their grain services and the membership.</summary>
internal sealed class SilosAround(IClusterMembershipService silos, SiloMembership membership, BrokerGrainServiceClient brokers, TimeProvider clock) : ISilosAround
{
    // A machine that is there answers in far less.
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(250);

    private static readonly TimeSpan WitnessWithin = TimeSpan.FromSeconds(1);

    public SiloAddress Self => membership.Silo;

    public IReadOnlyCollection<SiloAddress> Active => membership.Active;

    public async Task<bool> RefusesAsync(SiloAddress silo)
    {
        using var socket = new Socket(silo.Endpoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        using var moment = new CancellationTokenSource(Moment, clock);
        try
        {
            await socket.ConnectAsync(silo.Endpoint, moment.Token);
            return false;
        }
        catch (SocketException e)
        {
            return e.SocketErrorCode == SocketError.ConnectionRefused;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    public async Task<bool> AnswersAsync(SiloAddress silo)
    {
        try
        {
            await brokers.At(silo).IntroduceAsync(null).WaitAsync(Moment, clock);
            return true;
        }
        catch (Exception)
        {
            return false;
        }
    }

    public async Task<bool> AskAsync(SiloAddress witness, SiloAddress silo)
    {
        try
        {
            return await brokers.At(witness).SeesEndedAsync(silo.ToParsableString()).WaitAsync(WitnessWithin, clock);
        }
        catch (Exception)
        {
            return false;
        }
    }

    /// <summary>
    /// Orleans would go on trying while the table is away, for however long that is: what was seen now is not to be said then.
    /// </summary>
    public async Task DeclareDeadAsync(SiloAddress silo)
    {
        if (await membership.TryReadTableAsync(CancellationToken.None) && Active.Contains(silo))
        {
            await silos.TryKill(silo);
        }
    }
}
