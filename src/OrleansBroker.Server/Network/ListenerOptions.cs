using System.Net;

namespace OrleansBroker.Server.Network;

/// <summary>Where a listener listens and every limit it has, with Kafka's name for it where Kafka has one.</summary>
public sealed record ListenerOptions
{
    /// <summary>Port 0 takes a free one.</summary>
    public required IPEndPoint Endpoint { get; init; }

    /// <summary>The listener's name, as in <c>listeners</c>.</summary>
    public string Name { get; init; } = "PLAINTEXT";

    /// <summary><c>socket.request.max.bytes</c>: a larger request closes its connection.</summary>
    public int RequestBytesMax { get; init; } = 100 << 20;

    /// <summary>
    /// <c>queued.max.request.bytes</c>: bytes of large requests that are being received or handled, over all connections.
    /// Further connections wait with receiving a large request until there is room; a single request is always let in.
    /// Kafka leaves this off; here it bounds what many producers of the largest requests can hold.
    /// </summary>
    public long QueuedRequestBytesMax { get; init; } = 512 << 20;

    /// <summary>Requests up to this size are not counted in <see cref="QueuedRequestBytesMax"/>, so that small ones never wait behind large ones.</summary>
    public int UncountedRequestBytesMax { get; init; } = 1 << 20;

    /// <summary><c>max.connections</c>: at the limit no further connection is accepted until one ends.</summary>
    public int ConnectionsMax { get; init; } = int.MaxValue;

    /// <summary><c>max.connections.per.ip</c>: a connection above it is closed at once.</summary>
    public int ConnectionsPerAddressMax { get; init; } = int.MaxValue;

    /// <summary><c>connections.max.idle.ms</c>: a connection with no request, or whose peer takes nothing of a response, for so long is closed. Zero or less: never.</summary>
    public long ConnectionIdleMsMax { get; init; } = 600_000;

    /// <summary>A connection whose peer sends nothing for so long in the middle of a request is closed: it holds memory meanwhile.</summary>
    public long RequestStallMsMax { get; init; } = 30_000;

    /// <summary><c>socket.send.buffer.bytes</c>; -1 leaves it to the system.</summary>
    public int SendBufferBytes { get; init; } = -1;

    /// <summary><c>socket.receive.buffer.bytes</c>; -1 leaves it to the system.</summary>
    public int ReceiveBufferBytes { get; init; } = -1;

    /// <summary><c>socket.listen.backlog.size</c>: Kafka's 50 has clients retry for seconds when a thousand of them start at once.</summary>
    public int ListenBacklog { get; init; } = 1024;

    /// <summary><c>max.incremental.fetch.session.cache.slots</c>.</summary>
    public int FetchSessionsMax { get; init; } = 1000;

    /// <summary><c>fetch.max.bytes</c>: the most bytes of records in a fetch response, whatever the client allows.</summary>
    public int FetchBytesMax { get; init; } = 55 << 20;

    /// <summary>How long the close of the listener waits for requests that are being handled, in milliseconds.</summary>
    public int StopGraceMs { get; init; } = 2_000;
}
