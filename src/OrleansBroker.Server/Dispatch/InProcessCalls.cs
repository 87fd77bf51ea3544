using System.Collections.Concurrent;
using OrleansBroker.Core;
using OrleansBroker.Protocol.Messages;
using OrleansBroker.Protocol.Wire;
using OrleansBroker.Server.Handlers;
using OrleansBroker.Server.Network;

namespace OrleansBroker.Server.Dispatch;

/// <summary>
/// Has a broker's handlers answer callers of the same process: messages go in and come out as they are, many at a time, without
/// frame or socket. What a listener does to bound its connections is the caller's.
/// </summary>
internal sealed class InProcessCalls : IAsyncDisposable
{
    /// <summary>So many contexts are kept for later calls.</summary>
    private const int KeptMax = 64;

    private readonly ListenerOptions _options;
    private readonly TimeProvider _clock;
    private readonly string _clientAddress;
    private readonly EndpointTable _endpoints;
    private readonly ConcurrentQueue<RequestContext> _kept = [];
    private readonly CancellationTokenSource _closed;
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    // One for being open, and one for each call.
    private int _uses = 1;
    private int _isClosed;

    public InProcessCalls(BrokerServices broker, ListenerOptions options, string clientAddress)
    {
        _options = options;
        _clock = broker.Clock;
        _clientAddress = clientAddress;
        _endpoints = EndpointTable.Bind(broker, options);
        _closed = new CancellationTokenSource();
        Closed = _closed.Token;
    }

    /// <summary>Cancelled when this is closed.</summary>
    public CancellationToken Closed { get; }

    public bool IsClosed => Volatile.Read(ref _isClosed) != 0;

    /// <param name="request">Record batches lie in writable memory, and are stamped there.</param>
    /// <returns>What the handler answers, also where a client of the protocol would get nothing (acks 0). Records may lie in files.</returns>
    /// <exception cref="OperationCanceledException">This was closed, or <paramref name="cancellation"/> came, which ends the wait and not always the request.</exception>
    /// <exception cref="OrleansBroker.Protocol.MalformedMessageException">The request makes no sense.</exception>
    public async ValueTask<TResponse> AskAsync<TRequest, TResponse>(TRequest request, short version, string clientId, CancellationToken cancellation = default)
        where TRequest : class, IRequest<TResponse>, new()
        where TResponse : class, IWireStruct, new()
    {
        if (!TryEnter())
        {
            throw new OperationCanceledException("the broker serves nobody any more");
        }

        try
        {
            var endpoint = (Endpoint<TRequest, TResponse>)_endpoints.Find(TRequest.Api.Key)!;
            var header = new RequestHeader { ApiKey = TRequest.Api.Key, ApiVersion = version, ClientId = clientId };
            return cancellation.CanBeCanceled
                ? await HandleAsync(endpoint, request, header, cancellation)
                : await HandleAsync(endpoint, request, header);
        }
        finally
        {
            Leave();
        }
    }

    /// <summary>For work around calls that the end of this is to wait for: until <see cref="Leave"/>. False where this was closed.</summary>
    public bool TryEnter()
    {
        Interlocked.Increment(ref _uses);
        if (IsClosed)
        {
            Leave();
            return false;
        }

        return true;
    }

    public void Leave()
    {
        if (Interlocked.Decrement(ref _uses) == 0)
        {
            _ended.TrySetResult();
        }
    }

    /// <summary>
    /// Ends what waits, refuses what comes, and completes when nothing is under way any more; what does not end within
    /// <see cref="ListenerOptions.StopGraceMs"/>, as it waits for other brokers, is left to end with the broker.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isClosed, 1) != 0)
        {
            return;
        }

        _closed.Cancel();
        Leave();
        try
        {
            await _ended.Task.WithinAsync(TimeSpan.FromMilliseconds(_options.StopGraceMs), _clock, CancellationToken.None);
            _closed.Dispose();
        }
        catch (TimeoutException)
        {
            // The source is left to those who are on their way.
        }

        while (_kept.TryDequeue(out var context))
        {
            context.Dispose();
        }
    }

    private static async ValueTask<TResponse> HandleAsync<TRequest, TResponse>(Endpoint<TRequest, TResponse> endpoint, TRequest request, RequestHeader header, RequestContext context)
        where TRequest : class, IRequest<TResponse>, new()
        where TResponse : class, IWireStruct, new()
    {
        context.Begin(header);
        try
        {
            return await endpoint.HandleAsync(request, context);
        }
        finally
        {
            context.NotifyAppended();
        }
    }

    private async ValueTask<TResponse> HandleAsync<TRequest, TResponse>(Endpoint<TRequest, TResponse> endpoint, TRequest request, RequestHeader header)
        where TRequest : class, IRequest<TResponse>, new()
        where TResponse : class, IWireStruct, new()
    {
        if (!_kept.TryDequeue(out var context))
        {
            context = new RequestContext(_clientAddress, _options.Name, Closed, Closed);
        }

        var isKept = false;
        try
        {
            var response = await HandleAsync(endpoint, request, header, context);
            isKept = _kept.Count < KeptMax;
            return response;
        }
        finally
        {
            if (isKept)
            {
                _kept.Enqueue(context);
            }
            else
            {
                context.Dispose();
            }
        }
    }

    private async ValueTask<TResponse> HandleAsync<TRequest, TResponse>(Endpoint<TRequest, TResponse> endpoint, TRequest request, RequestHeader header, CancellationToken cancellation)
        where TRequest : class, IRequest<TResponse>, new()
        where TResponse : class, IWireStruct, new()
    {
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(Closed, cancellation);
        using var context = new RequestContext(_clientAddress, _options.Name, Closed, stopping.Token);
        return await HandleAsync(endpoint, request, header, context);
    }
}
