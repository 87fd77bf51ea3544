using OrleansBroker.Core.Partitions;
using OrleansBroker.Core.Replication;
using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Messages;
using OrleansBroker.Protocol.Wire;
using OrleansBroker.Server.Fetching;
using OrleansBroker.Server.Producing;

namespace OrleansBroker.Server.Handlers;

/// <summary>
/// What a handler knows of the request beside its fields, and of the connection that it came on. There is one per connection,
/// used again for each request: nothing of it may be kept once the request is answered, except <see cref="Closed"/>.
/// </summary>
internal sealed class RequestContext(string clientAddress, string listenerName, CancellationToken closed, CancellationToken stopping) : IDisposable
{
    private readonly List<Partition> _appended = [];
    private readonly List<Partition> _committed = [];
    private FetchConnection? _fetch;
    private CommitWait? _commits;
    private CommitQueue _decided;

    public ApiKey ApiKey { get; private set; }

    public short ApiVersion { get; private set; }

    public int CorrelationId { get; private set; }

    /// <summary>Empty where the client gave none.</summary>
    public string ClientId { get; private set; } = string.Empty;

    /// <summary>As Kafka prints the host of a group's member: <c>/127.0.0.1</c>.</summary>
    public string ClientAddress { get; } = clientAddress;

    /// <summary>The name of the listener that the connection came to: <c>PLAINTEXT</c>.</summary>
    public string ListenerName { get; } = listenerName;

    /// <summary>Cancelled when the connection is closed: an answer would reach nobody.</summary>
    public CancellationToken Closed { get; } = closed;

    /// <summary>
    /// Cancelled as <see cref="Closed"/>, and before that when the listener stops: for what may wait for long (long polls, joins).
    /// What is about to be done anyway goes on, and is answered.
    /// </summary>
    public CancellationToken Stopping { get; } = stopping;

    /// <summary>What the client said of itself in ApiVersions (KIP-511), or null.</summary>
    public string? ClientSoftware { get; set; }

    /// <summary>The request that is being handled, for the log.</summary>
    internal IRequest? Request { get; set; }

    /// <summary>Strings that recur on this connection.</summary>
    internal StringCache Strings { get; } = new();

    /// <summary>Set by a handler whose client expects no response (Produce with acks 0).</summary>
    internal bool IsResponseSuppressed { get; set; }

    /// <summary>Set by a handler to have the connection closed in place of a response: the reason, for the log.</summary>
    internal string? CloseReason { get; set; }

    /// <summary>Whether the errors of the response are to be looked for.</summary>
    internal bool CountsErrors { get; set; }

    /// <summary>The errors that the response says, where <see cref="CountsErrors"/> asks for them; null for none.</summary>
    internal IReadOnlyList<ErrorCode>? Errors { get; set; }

    /// <summary>What the connection's fetches use again and again.</summary>
    internal FetchConnection Fetch => _fetch ??= new FetchConnection();

    /// <summary>Has the long polls of a partition woken once the response went out, so that the producer does not wait for them.</summary>
    public void NotifyAfterResponse(Partition appended) => _appended.Add(appended);

    /// <summary>As <see cref="NotifyAfterResponse"/>, where nothing was appended and consumers may read more than before.</summary>
    public void NotifyCommittedAfterResponse(Partition committed) => _committed.Add(committed);

    /// <summary>Those whose appends were committed by what this request said; told with the rest.</summary>
    internal ref CommitQueue Decided => ref _decided;

    /// <summary>What the connection's producer waits with.</summary>
    internal CommitWait Commits(TimeProvider clock) => _commits ??= new CommitWait(clock, Closed);

    internal void Begin(in RequestHeader header)
    {
        ApiKey = header.ApiKey;
        ApiVersion = header.ApiVersion;
        CorrelationId = header.CorrelationId;
        ClientId = header.ClientId ?? string.Empty;
        Request = null;
        IsResponseSuppressed = false;
        CloseReason = null;
        Errors = null;
    }

    /// <summary>
    /// Wakes what <see cref="NotifyAfterResponse"/> noted, and others that this request lets go on. Called once the response went
    /// out or has to wait for its client, whether or not it could be sent; and earlier where the request itself waits.
    /// </summary>
    internal void NotifyAppended()
    {
        foreach (var partition in _appended)
        {
            partition.NotifyAppended();
        }

        _appended.Clear();
        foreach (var partition in _committed)
        {
            partition.NotifyCommitted();
        }

        _committed.Clear();
        _decided.Tell(mayGoOnHere: true);
    }

    public void Dispose()
    {
        _fetch?.Dispose();
        _commits?.Dispose();
    }
}
