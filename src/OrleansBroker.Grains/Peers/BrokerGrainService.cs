// The broker's code runs on the thread pool: on the scheduler of a grain service, one long answer would hold up all others.
#pragma warning disable RS0030

using Microsoft.Extensions.Logging;
using OrleansBroker.Core.Peers.Wire;
using OrleansBroker.Grains.Doors;
using OrleansBroker.Grains.Membership;

namespace OrleansBroker.Grains.Peers;

/// <summary>The door through which other brokers ask the broker of this silo.</summary>
internal sealed class BrokerGrainService(GrainId id, Silo silo, ILoggerFactory loggers, LocalBroker broker, PauseWatch pauses, Refusals refusals) : GrainService(id, silo, loggers), IBrokerGrainService
{
    public Task<BrokerIntroduction?> IntroduceAsync(BrokerIntroduction? caller) => Task.Run(() =>
    {
        if (caller is not null)
        {
            broker.Meet(caller);
        }

        return broker.Introduction;
    });

    public Task<bool> SeesEndedAsync(string silo) => Task.Run(() => refusals.SeesEndedAsync(SiloAddress.FromParsableString(silo)));

    public Task<bool> TakesToLiveAsync(string silo) => Task.Run(() => refusals.TakesToLive(SiloAddress.FromParsableString(silo)));

    public Task<PeerFrame> AskAsync(PeerFrame question) => Task.Run(async () =>
    {
        await PassAsync();
        var peer = broker.Host?.Peer ?? throw new IOException("the broker is not open");
        var answer = await PeerMessages.AnswerAsync(question, peer);
        await pauses.PassAsync();
        return answer;
    });

    public Task<object?> HandleAsync(string key, object request) => Task.Run(async () =>
    {
        return broker.Door is { } door ? await door.HandleAsync(key, request) : NotRun.Answer(key, request);
    });

    /// <summary>Who asks gives up sooner or later, and what waits here holds memory.</summary>
    private async Task PassAsync()
    {
        using var limit = new CancellationTokenSource(BrokerDoor.WaitMax);
        try
        {
            await pauses.PassAsync(limit.Token);
        }
        catch (OperationCanceledException e)
        {
            throw new IOException("the broker does not know whether the cluster takes it to be alive", e);
        }
    }
}
