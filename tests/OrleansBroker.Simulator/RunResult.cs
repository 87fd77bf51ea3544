namespace OrleansBroker.Simulator;

/// <summary>What came of a run.</summary>
/// <param name="Hash">Of all events: the same for the same seed and the same code.</param>
/// <param name="Failure">The rule that was broken and how, or null.</param>
/// <param name="LastEvents">The last events before the end.</param>
internal sealed record RunResult(long Seed, ulong Hash, TimeSpan Simulated, string Plan, string Summary, string? Rule, string? Failure, IReadOnlyList<string> LastEvents);
