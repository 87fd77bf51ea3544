using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using OrleansBroker.Core.Diagnostics;

namespace OrleansBroker.Embedded.Tests.Diagnostics;

/// <summary>What the meters of this process say, of one broker.</summary>
internal sealed class Instruments : IDisposable
{
    private readonly MeterListener _listener = new();
    private readonly Func<Meter, bool> _isWatched;
    private readonly ConcurrentDictionary<string, double> _sums = new();
    private readonly ConcurrentDictionary<string, double> _observed = new();

    /// <param name="isWatched">Tests of one process run beside each other, and have brokers of the same id.</param>
    public Instruments(Func<Meter, bool> isWatched)
    {
        _isWatched = isWatched;
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name == BrokerDiagnostics.Name && _isWatched(instrument.Meter))
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<long>(Take);
        _listener.SetMeasurementEventCallback<int>((instrument, value, tags, state) => Take(instrument, value, tags, state));
        _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Note(instrument, value, tags));
        _listener.Start();
    }

    /// <summary>Everything that has been measured, by name and tags: <c>orleansbroker.request.errors orleansbroker.api=Fetch</c>.</summary>
    public IReadOnlyDictionary<string, double> Collect()
    {
        _observed.Clear();
        _listener.RecordObservableInstruments();
        return new SortedDictionary<string, double>(_sums.Concat(_observed).ToDictionary(), StringComparer.Ordinal);
    }

    public void Dispose() => _listener.Dispose();

    private void Take(Instrument instrument, long value, ReadOnlySpan<KeyValuePair<string, object?>> tags, object? state) => Note(instrument, value, tags);

    private void Note(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var name = string.Join(' ', [instrument.Name, .. tags.ToArray().Select(tag => $"{tag.Key}={tag.Value}")]);
        if (instrument.IsObservable)
        {
            _observed[name] = value;
        }
        else
        {
            // Of durations, how many there were.
            _sums.AddOrUpdate(name, _ => instrument is Histogram<double> ? 1 : value, (_, sum) => sum + (instrument is Histogram<double> ? 1 : value));
        }
    }
}
