using System.Buffers.Binary;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using OrleansBroker.Core.Diagnostics;
using OrleansBroker.Protocol;
using OrleansBroker.Server.Handlers;

namespace OrleansBroker.Server.Network;

/// <summary>
/// Measures and traces the requests of one listener: <c>orleansbroker.request.*</c>, <c>orleansbroker.network.io</c>, and a server span
/// for each. Where nobody listens it costs a look at four fields.
/// </summary>
internal sealed class RequestMeter
{
    private static readonly KeyValuePair<string, object?> Received = new("network.io.direction", "receive");
    private static readonly KeyValuePair<string, object?> Sent = new("network.io.direction", "transmit");

    // One of each API: a name is not made anew for each request.
    private static readonly Dictionary<ApiKey, string> Names = Enum.GetValues<ApiKey>().Distinct().ToDictionary(api => api, api => api.ToString());

    private readonly Histogram<double> _duration;
    private readonly Counter<long> _errors;
    private readonly Counter<long> _io;

    public RequestMeter(Meter meter)
    {
        _duration = meter.CreateHistogram<double>("orleansbroker.request.duration", "s", "From the last byte of a request to the last of its response, long polls included.");
        _errors = meter.CreateCounter<long>("orleansbroker.request.errors", "{error}", "Errors that responses said, also of single partitions.");
        _io = meter.CreateCounter<long>("orleansbroker.network.io", "By", "Bytes of requests and responses.");
    }

    /// <summary>Somebody wants to know something of requests.</summary>
    public bool IsWatched => _duration.Enabled || _io.Enabled || _errors.Enabled || BrokerDiagnostics.Activities.HasListeners();

    public static long Begin() => Stopwatch.GetTimestamp();

    /// <param name="frame">The request from behind its size on, whose first field is its API.</param>
    public static Activity? Trace(ReadOnlySpan<byte> frame) =>
        BrokerDiagnostics.Activities.HasListeners() && BinaryPrimitives.TryReadInt16BigEndian(frame, out var api)
            ? BrokerDiagnostics.Activities.StartActivity(NameOf((ApiKey)api), ActivityKind.Server)
            : null;

    /// <param name="began">What <see cref="Begin"/> said.</param>
    public void End(RequestContext request, Activity? span, long began, int receivedBytes, long sentBytes)
    {
        var api = new KeyValuePair<string, object?>("orleansbroker.api", NameOf(request.ApiKey));
        _duration.Record(Stopwatch.GetElapsedTime(began).TotalSeconds, api);
        _io.Add(receivedBytes, Received);
        _io.Add(sentBytes, Sent);
        for (var i = 0; i < request.Errors?.Count; i++)
        {
            _errors.Add(1, api, new("error.type", request.Errors[i].ToString()));
        }

        if (span is not null)
        {
            Describe(request, span);
        }
    }

    private static void Describe(RequestContext request, Activity span)
    {
        span.SetTag("messaging.system", "kafka");
        span.SetTag("messaging.client.id", request.ClientId);
        span.SetTag("client.address", request.ClientAddress.TrimStart('/'));
        span.SetTag("orleansbroker.api.version", request.ApiVersion);
        if (request.Errors is [var first, ..])
        {
            span.SetTag("error.type", first.ToString());
            span.SetStatus(ActivityStatusCode.Error);
        }
    }

    private static string NameOf(ApiKey api) => Names.GetValueOrDefault(api, "Unknown");
}
