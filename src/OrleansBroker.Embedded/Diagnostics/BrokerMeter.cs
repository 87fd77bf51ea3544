using System.Diagnostics.Metrics;
using System.Globalization;
using OrleansBroker.Core.Diagnostics;
using OrleansBroker.Server.Network;

namespace OrleansBroker.Embedded.Diagnostics;

/// <summary>
/// One broker's instruments. Those of this class look at the broker when somebody collects, so that they cost nothing else;
/// docs/operations/metrics.md lists them.
/// </summary>
internal sealed class BrokerMeter : IDisposable
{
    // Several instruments are collected one after the other, and walk the partitions once.
    private static readonly TimeSpan HealthFor = TimeSpan.FromMilliseconds(500);

    private readonly BrokerHost _host;
    private readonly TimeProvider _clock;
    private readonly Lock _looking = new();
    private PartitionHealth _health;
    private long _lookedAt;
    private bool _hasLooked;

    public BrokerMeter(BrokerHost host, TimeProvider clock)
    {
        _host = host;
        _clock = clock;
        Meter = new Meter(new MeterOptions(BrokerDiagnostics.Name)
        {
            Tags = [new("orleansbroker.broker.id", host.Registration.Id.Value.ToString(CultureInfo.InvariantCulture))],
        });
        CreateCounters(host.Services.Counters);
        CreatePartitionGauges();
        CreateStoreInstruments();
    }

    public Meter Meter { get; }

    /// <summary>What can be told once clients can connect.</summary>
    public void Watch(Listener listener)
    {
        Meter.CreateObservableUpDownCounter("orleansbroker.connections", () => listener.ConnectionCount, "{connection}", "Open connections of clients and other brokers.");
        Meter.CreateObservableUpDownCounter("orleansbroker.requests.active", () => listener.RequestsInFlight, "{request}", "Requests that are being handled, or wait for records, acknowledgements or other members.");
        Meter.CreateObservableUpDownCounter("orleansbroker.requests.memory", () => listener.RequestBytesInFlight, "By", "Large requests in memory.");
    }

    public void Dispose() => Meter.Dispose();

    private void CreateCounters(BrokerCounters counters)
    {
        Meter.CreateObservableCounter("orleansbroker.append.records", () => counters.AppendedRecords, "{record}", "Records that clients appended here.");
        Meter.CreateObservableCounter("orleansbroker.append.io", () => counters.AppendedBytes, "By", "Bytes of the batches that clients appended here.");
        Meter.CreateObservableCounter("orleansbroker.isr.shrinks", () => counters.IsrShrinks, "{change}", "In-sync replicas that became fewer, of partitions led here.");
        Meter.CreateObservableCounter("orleansbroker.isr.expands", () => counters.IsrExpands, "{change}", "In-sync replicas that became more, of partitions led here.");
        Meter.CreateObservableCounter("orleansbroker.elections", () => counters.Elections, "{election}", "Elections that this broker won.");
        Meter.CreateObservableCounter("orleansbroker.elections.unclean", () => counters.UncleanElections, "{election}", "Elections in spite of a possible loss.");
    }

    private void CreatePartitionGauges()
    {
        Gauge("orleansbroker.partitions", health => health.Hosted, "{partition}", "Replicas on this broker.");
        Gauge("orleansbroker.partitions.led", health => health.Led, "{partition}", "Partitions that this broker leads.");
        Gauge("orleansbroker.partitions.under_replicated", health => health.UnderReplicated, "{partition}", "Of those led here, with a replica that is not in sync.");
        Gauge("orleansbroker.partitions.under_min_isr", health => health.UnderMinIsr, "{partition}", "Of those led here, with fewer replicas in sync than acks=all needs.");
        Gauge("orleansbroker.partitions.failed", health => health.Failed, "{partition}", "Replicas on this broker whose log takes no more appends.");
        Gauge("orleansbroker.partitions.leaderless", health => health.Leaderless, "{partition}", "Of the cluster, as this broker knows it: nobody who lives leads.");
        Gauge("orleansbroker.log.size", health => health.LogBytes, "By", "Segments of all replicas on this broker.");
        Gauge("orleansbroker.follower.lag.max", health => health.FollowerLagMax, "{record}", "How far the slowest follower of a partition led here is behind.");
        Meter.CreateObservableGauge("orleansbroker.brokers.alive", () => _host.Services.Membership.Current.Brokers.Length, "{broker}", "Brokers that live, as this one knows.");
    }

    private void CreateStoreInstruments()
    {
        Meter.CreateObservableCounter("orleansbroker.documents.failures", () => _host.Documents.Failures, "{call}", "Calls of the document store that failed or were not answered.");
        Meter.CreateObservableGauge("orleansbroker.documents.away", () => _host.Documents.IsAway ? 1 : 0, "1", "1 while the last call of the document store was not answered.");
    }

    private void Gauge(string name, Func<PartitionHealth, long> value, string unit, string description) =>
        Meter.CreateObservableGauge(name, () => value(Look()), unit, description);

    private PartitionHealth Look()
    {
        lock (_looking)
        {
            if (!_hasLooked || _clock.GetElapsedTime(_lookedAt) > HealthFor)
            {
                _health = PartitionHealth.Of(_host.Services);
                _lookedAt = _clock.GetTimestamp();
                _hasLooked = true;
            }

            return _health;
        }
    }
}
