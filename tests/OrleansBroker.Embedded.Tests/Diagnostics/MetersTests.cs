using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Globalization;
using OrleansBroker.Core.Diagnostics;
using OrleansBroker.Embedded.Cluster;
using OrleansBroker.Embedded.Tests.Cluster;
using OrleansBroker.Protocol;

namespace OrleansBroker.Embedded.Tests.Diagnostics;

/// <summary>What an operator sees of a broker from outside: docs/operations/metrics.md.</summary>
public sealed class MetersTests : IAsyncLifetime
{
    // No other test's broker has it.
    private const int Id = 7301;

    private readonly string _directory = Directory.CreateTempSubdirectory("orleansbroker-meters-").FullName;
    private readonly Instruments _instruments = new(IsOfThisTest);
    private EmbeddedBroker _broker = null!;
    private ClusterClient _client = null!;

    public async Task InitializeAsync()
    {
        _broker = await EmbeddedBroker.StartAsync(EmbeddedBrokerOptions.OnFreePort(_directory, ("node.id", Id.ToString(CultureInfo.InvariantCulture))));
        _client = new ClusterClient(() => [new(_broker.Endpoint, BrokerState.Running, [])]);
    }

    public async Task DisposeAsync()
    {
        await _broker.DisposeAsync();
        _instruments.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    [Fact]
    public async Task Requests_appends_and_partitions_are_counted()
    {
        Assert.Equal(ErrorCode.None, await _client.CreateAsync(0, "orders", partitions: 3));
        Assert.Equal(ErrorCode.None, await _client.ProduceAsync(0, "orders", "one"));
        Assert.Equal(ErrorCode.None, await _client.ProduceAsync(0, "orders", "two"));

        // The measurement follows the answer.
        await _client.UntilAsync(() => Task.FromResult(_instruments.Collect().GetValueOrDefault("orleansbroker.request.duration orleansbroker.api=Produce") == 2), "two produce requests are measured");
        var seen = _instruments.Collect();
        Assert.Equal(2, seen["orleansbroker.append.records"]);
        Assert.Equal(3, seen["orleansbroker.partitions"]);
        Assert.Equal(3, seen["orleansbroker.partitions.led"]);
        Assert.Equal(0, seen["orleansbroker.partitions.under_replicated"]);
        Assert.Equal(0, seen["orleansbroker.partitions.under_min_isr"]);
        Assert.Equal(0, seen["orleansbroker.partitions.leaderless"]);
        Assert.Equal(0, seen["orleansbroker.partitions.failed"]);
        Assert.Equal(1, seen["orleansbroker.brokers.alive"]);
        Assert.Equal(0, seen["orleansbroker.documents.away"]);
        Assert.True(seen["orleansbroker.append.io"] > 0);
        Assert.True(seen["orleansbroker.log.size"] >= seen["orleansbroker.append.io"]);
        Assert.True(seen["orleansbroker.network.io network.io.direction=receive"] > seen["orleansbroker.append.io"]);
        Assert.True(seen["orleansbroker.network.io network.io.direction=transmit"] > 0);
    }

    [Fact]
    public async Task Errors_are_counted_by_api_and_code_however_deep_the_response_says_them()
    {
        Assert.Equal(ErrorCode.UnknownTopicOrPartition, await _client.ProduceAsync(0, "missing", "one"));

        await _client.UntilAsync(
            () => Task.FromResult(_instruments.Collect().GetValueOrDefault("orleansbroker.request.errors orleansbroker.api=Produce error.type=UnknownTopicOrPartition") == 1),
            "the error of a partition is counted");
    }

    [Fact]
    public async Task A_request_is_a_span_for_those_who_trace()
    {
        var spans = new System.Collections.Concurrent.ConcurrentQueue<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == BrokerDiagnostics.Name,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = spans.Enqueue,
        };
        ActivitySource.AddActivityListener(listener);

        // Other tests' brokers are traced as well meanwhile.
        await _client.UntilAsync(
            async () =>
            {
                await _client.ProduceAsync(0, "traced-and-missing", "one");
                return spans.Any(span => span.OperationName == "Produce" && span.Kind == ActivityKind.Server && span.Status == ActivityStatusCode.Error
                    && span.GetTagItem("error.type") is nameof(ErrorCode.UnknownTopicOrPartition) && span.GetTagItem("client.address") is "127.0.0.1");
            },
            "a span of the request is there");
    }

    private static bool IsOfThisTest(Meter meter) => meter.Tags?.Any(tag => tag.Value is string value && value == Id.ToString(CultureInfo.InvariantCulture)) == true;
}
