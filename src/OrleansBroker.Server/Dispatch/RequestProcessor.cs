using OrleansBroker.Protocol.Messages;
using OrleansBroker.Protocol.Wire;
using OrleansBroker.Server.Handlers;
using OrleansBroker.Server.Network;

namespace OrleansBroker.Server.Dispatch;

/// <summary>
/// Executes the requests of one connection, one at a time, however their bytes come and their answers go: a socket's
/// <see cref="Connection"/> uses it, and so does an <see cref="InMemorySession"/>.
/// </summary>
/// <param name="clientAddress">As Kafka prints the host of a group's member: <c>/127.0.0.1</c>.</param>
/// <param name="closed">Ends whatever a request waits for: the connection is closed, by either side.</param>
/// <param name="stopping">Ends long waits (long polls, joins): the listener stops, or the connection is closed.</param>
internal sealed class RequestProcessor(EndpointTable endpoints, string clientAddress, string listenerName, CancellationToken closed, CancellationToken stopping) : IDisposable
{
    public RequestContext Context { get; } = new(clientAddress, listenerName, closed, stopping);

    /// <summary>
    /// Has a request handled and its response encoded. The response stays empty where none is expected, and where
    /// <see cref="RequestContext.CloseReason"/> says that the connection is to be closed instead. Once the response went out, and
    /// also where this failed, the caller calls <see cref="RequestContext.NotifyAppended"/>.
    /// </summary>
    /// <param name="frame">The request from behind its size on. Valid until the returned task has completed.</param>
    /// <exception cref="OrleansBroker.Protocol.MalformedMessageException">The connection is to be closed.</exception>
    public ValueTask ExecuteAsync(ReadOnlyMemory<byte> frame, ResponseFrame response)
    {
        var body = ReadHeader(frame, out var header);
        Context.Begin(header);
        if (endpoints.Find(header.ApiKey) is { } endpoint && endpoint.Serves(header.ApiVersion))
        {
            return endpoint.ExecuteAsync(body, Context, response);
        }

        if (header.ApiKey == ApiVersionsRequest.Api.Key)
        {
            response.Encode(ApiVersionsRequest.Api, 0, header.CorrelationId, ApiVersionsHandler.UnsupportedVersion());
        }
        else
        {
            Context.CloseReason = "this API and version are not served";
        }

        return ValueTask.CompletedTask;
    }

    /// <summary>The request that is being handled, for the log; empty where it could not be read.</summary>
    public string Print() => endpoints.Find(Context.ApiKey)?.Print(Context) ?? string.Empty;

    public void Dispose() => Context.Dispose();

    private ReadOnlyMemory<byte> ReadHeader(ReadOnlyMemory<byte> frame, out RequestHeader header)
    {
        var reader = new WireReader(frame, version: 0, flexible: false, Context.Strings);
        header = RequestHeader.Read(ref reader);
        return frame[reader.Position..];
    }
}
