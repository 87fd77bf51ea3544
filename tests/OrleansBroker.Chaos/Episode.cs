namespace OrleansBroker.Chaos;

/// <summary>What one fault did.</summary>
/// <param name="Began">Since the beginning of the run.</param>
/// <param name="Lasted">Until it was undone.</param>
/// <param name="Stall">The longest that any partition was without an acknowledgement until all was well again.</param>
/// <param name="Known">How long it took until another broker told clients that the broker is gone; null where it did not while the fault lasted.</param>
internal sealed record Episode(string Fault, int Broker, TimeSpan Began, TimeSpan Lasted, TimeSpan Stall, TimeSpan? Known)
{
    public override string ToString() => FormattableString.Invariant(
        $"{Began.TotalSeconds,7:f1} s  {Fault,-17} broker {Broker}, {Lasted.TotalSeconds:f1} s; stalled for {Stall.TotalSeconds:f2} s{(Known is { } known ? $", known after {known.TotalSeconds:f2} s" : string.Empty)}");
}
