using System.Collections.Concurrent;
using OrleansBroker.Core.Peers;
using OrleansBroker.Core.Ports;
using OrleansBroker.Protocol;

namespace OrleansBroker.Server.Tests.Handlers;

/// <summary>Peers whose answers a test writes: null is a broker that cannot be reached.</summary>
internal sealed class ScriptedPeers : IPeers
{
    /// <summary>What was asked of whom, in order.</summary>
    public ConcurrentQueue<(BrokerId Broker, object Request)> Asked { get; } = [];

    public Func<BrokerId, object, object?> Answer { get; set; } = (_, _) => null;

    public ValueTask<TReply> AskAsync<TReply>(BrokerId broker, PeerRequest<TReply> request, CancellationToken cancellation)
    {
        Asked.Enqueue((broker, request));
        return Answer(broker, request) is TReply reply ? new(reply) : ValueTask.FromException<TReply>(new IOException($"broker {broker} cannot be reached"));
    }
}
