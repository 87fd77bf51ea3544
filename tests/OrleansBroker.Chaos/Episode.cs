namespace OrleansBroker.Chaos;

/// <summary>What one fault did.</summary>
/// <param name="Began">Since the beginning of the run.</param>
/// <param name="Lasted">Until it was undone.</param>
/// <param name="Stall">The longest that any partition was without an acknowledgement until all was well again.</param>
/// <param name="Partition">That one.</param>
/// <param name="WrongDeaths">Brokers that were declared dead although nothing was done to them.</param>
/// <param name="Known">How long it took until another broker told clients that the broker is gone; null where it did not while the fault lasted.</param>
internal sealed record Episode(string Fault, int Broker, TimeSpan Began, TimeSpan Lasted, TimeSpan Stall, int Partition, TimeSpan? Known, int WrongDeaths)
{
    public override string ToString() => FormattableString.Invariant(
        $"{Began.TotalSeconds,7:f1} s  {Fault,-17} broker {Broker}, {Lasted.TotalSeconds:f1} s; partition {Partition} stalled for {Stall.TotalSeconds:f2} s{(Known is { } known ? $", known after {known.TotalSeconds:f2} s" : string.Empty)}{(WrongDeaths > 0 ? $", {WrongDeaths} declared dead that were well" : string.Empty)}");
}
