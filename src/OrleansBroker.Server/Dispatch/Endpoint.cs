using System.Runtime.CompilerServices;
using OrleansBroker.Protocol.Wire;
using OrleansBroker.Server.Handlers;
using OrleansBroker.Server.Network;

namespace OrleansBroker.Server.Dispatch;

/// <summary>One API of one broker: reads the request, has it handled, encodes the response.</summary>
internal abstract class Endpoint(ServedApi api)
{
    public ServedApi Api { get; } = api;

    public bool Serves(short version) => version >= Api.VersionMin && version <= Api.VersionMax;

    /// <param name="body">The request from behind its client id on. Valid until the returned task has completed.</param>
    public abstract ValueTask ExecuteAsync(ReadOnlyMemory<byte> body, RequestContext context, ResponseFrame response);

    /// <summary>The request that is being handled, for the log; empty where it could not be read.</summary>
    public abstract string Print(RequestContext context);
}

/// <inheritdoc cref="Endpoint"/>
internal sealed class Endpoint<TRequest, TResponse>(ServedApi api, IHandler<TRequest, TResponse> handler) : Endpoint(api)
    where TRequest : class, IRequest<TResponse>, new()
    where TResponse : class, IWireStruct, new()
{
    public override ValueTask ExecuteAsync(ReadOnlyMemory<byte> body, RequestContext context, ResponseFrame response)
    {
        var request = RequestFraming.ReadBody<TRequest>(body, context.ApiVersion, context.Strings);
        context.Request = request;
        var handling = handler.HandleAsync(request, context);
        if (!handling.IsCompletedSuccessfully)
        {
            return FinishAsync(handling, context, response);
        }

        Write(handling.Result, context, response);
        return ValueTask.CompletedTask;
    }

    /// <summary>Has a request handled that did not come as bytes.</summary>
    public ValueTask<TResponse> HandleAsync(TRequest request, RequestContext context) => handler.HandleAsync(request, context);

    public override string Print(RequestContext context) =>
        context.Request is TRequest request ? WirePrinter.Print(request, context.ApiVersion) : string.Empty;

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask FinishAsync(ValueTask<TResponse> handling, RequestContext context, ResponseFrame response) =>
        Write(await handling, context, response);

    private void Write(TResponse message, RequestContext context, ResponseFrame response)
    {
        if (context.CountsErrors)
        {
            var errors = new WireErrors(context.ApiVersion, Api.Api.IsFlexible(context.ApiVersion));
            message.Describe(ref errors);
            context.Errors = errors.Found;
        }

        if (!context.IsResponseSuppressed && context.CloseReason is null)
        {
            response.Encode(Api.Api, context.ApiVersion, context.CorrelationId, message);
        }
    }
}
