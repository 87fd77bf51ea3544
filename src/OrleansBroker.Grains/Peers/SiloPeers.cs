using OrleansBroker.Abstractions.Messages;
using OrleansBroker.Core.Peers;
using OrleansBroker.Core.Peers.Wire;
using OrleansBroker.Core.Ports;
using OrleansBroker.Grains.Membership;
using OrleansBroker.Protocol;

namespace OrleansBroker.Grains.Peers;

/// <summary>Questions to other brokers, by the grain services of their silos.</summary>
internal sealed class SiloPeers(SiloMembership membership, BrokerGrainServiceClient brokers, LocalBroker local, MessageVersion version, TimeProvider clock) : IPeers
{
    public async ValueTask<TReply> AskAsync<TReply>(BrokerId broker, PeerRequest<TReply> request, CancellationToken cancellation)
    {
        if (broker.Value == local.Introduction?.Broker)
        {
            var host = local.Host ?? throw new IOException("the broker is not open");
            return await request.AnswerAsync(host.Peer);
        }

        if (membership.Find(broker) is not { } silo)
        {
            throw new IOException($"broker {broker} does not live");
        }

        try
        {
            var reply = await brokers.At(silo).AskAsync(PeerMessages.Write(request, version.Agreed)).WaitAsync(request.AnswerWithin, clock, cancellation);
            return PeerMessages.ReadReply(request, reply);
        }
        catch (Exception e) when (e is not IOException && !(e is OperationCanceledException && cancellation.IsCancellationRequested))
        {
            throw new IOException($"broker {broker} did not answer: {e.Message}", e);
        }
    }
}
