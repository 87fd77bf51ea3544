namespace OrleansBroker.Simulator;

/// <summary>One run.</summary>
internal sealed record RunOptions
{
    public required long Seed { get; init; }

    /// <summary>Simulated time with faults.</summary>
    public TimeSpan Duration { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Null draws it from the seed.</summary>
    public int? Brokers { get; init; }

    /// <summary>Where every event is written, or null.</summary>
    public TextWriter? Trace { get; init; }
}
