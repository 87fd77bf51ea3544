using OrleansBroker.Core.Peers;
using OrleansBroker.Core.Peers.Wire;
using OrleansBroker.Core.Ports;
using OrleansBroker.Protocol;
using OrleansBroker.Simulator.Engine;
using OrleansBroker.Simulator.Network;

namespace OrleansBroker.Simulator.Ports;

/// <summary>
/// Questions between brokers: a message there and one back. Either may be late or lost, the question may arrive twice, and who asked is
/// told only that there was no answer.
/// </summary>
/// <param name="find">The process and the service of a broker, where it lives and answers.</param>
internal sealed class SimulatedPeers(SimulatedNetwork network, SimulatedProcess process, int self, Func<int, (SimulatedProcess Process, PeerService Service)?> find) : IPeers
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly Chance _chance = process.Chance.Branch("peers");

    public async ValueTask<TReply> AskAsync<TReply>(BrokerId broker, PeerRequest<TReply> request, CancellationToken cancellation)
    {
        var answered = new TaskCompletionSource<TReply>(TaskCreationOptions.RunContinuationsAsynchronously);
        using var cancelled = cancellation.UnsafeRegister(_ => answered.TrySetCanceled(cancellation), null);
        using var patience = process.Clock.CreateTimer(
            _ => answered.TrySetException(new IOException($"broker {broker} did not answer")), null, Patience, Timeout.InfiniteTimeSpan);
        var target = broker.Value;
        if (target == self || !_chance.Happens(network.Faults.PeerLossChance))
        {
            Ask(target, request, answered);
        }

        if (target != self && _chance.Happens(network.Faults.PeerDuplicateChance))
        {
            Ask(target, request, answered);
        }

        return await answered.Task;
    }

    private void Ask<TReply>(int target, PeerRequest<TReply> request, TaskCompletionSource<TReply> answered)
    {
        // The message goes to the process that lives now; one that comes after it does not know the connection.
        if (find(target) is not { } asked)
        {
            network.World.After(network.Delay(), () => answered.TrySetException(new IOException($"broker {target} cannot be reached")));
            return;
        }

        network.Send(self, target, () => asked.Process.Start(() => AnswerAsync(target, asked.Service, request, answered)));
    }

    private async Task AnswerAsync<TReply>(int target, PeerService service, PeerRequest<TReply> request, TaskCompletionSource<TReply> answered)
    {
        Action answer;
        try
        {
            var reply = await PeerMessages.AnswerAsync(PeerMessages.Write(request, PeerMessages.VersionMax), service);
            answer = () => answered.TrySetResult(PeerMessages.ReadReply(request, reply));
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or ObjectDisposedException)
        {
            answer = () => answered.TrySetException(new IOException($"broker {target} could not answer: {e.Message}", e));
        }

        if (target == self || !_chance.Happens(network.Faults.PeerLossChance))
        {
            network.Send(target, self, answer);
        }
    }
}
