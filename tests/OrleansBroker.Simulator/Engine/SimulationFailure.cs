namespace OrleansBroker.Simulator.Engine;

/// <summary>The simulation has found something that may not be. Its message begins with the name of what was broken.</summary>
internal sealed class SimulationFailure : Exception
{
    public SimulationFailure(string rule, string details, Exception? cause = null)
        : base($"{rule}: {details}", cause) => Rule = rule;

    /// <summary>The invariant, in a word: what failures are counted by.</summary>
    public string Rule { get; }
}
