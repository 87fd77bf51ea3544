using OrleansBroker.Client.Connections;

namespace OrleansBroker.Client.Consuming;

/// <summary>A broker that is read from, by a loop of its own.</summary>
internal sealed class FetchNode(int brokerId, TimeProvider clock) : IDisposable
{
    public int BrokerId => brokerId;

    public FetchSession Session { get; } = new();

    /// <summary>There may be something to ask the broker for.</summary>
    public WakeSignal Wake { get; } = new(clock);

    /// <summary>The connection that <see cref="Session"/> was opened over.</summary>
    public BrokerConnection? Connection { get; set; }

    /// <summary>When the request that waits for its answer was sent; <see cref="long.MaxValue"/> where none does.</summary>
    public long AskedMs;

    public int Failures { get; set; }

    public void Dispose() => Wake.Dispose();
}
