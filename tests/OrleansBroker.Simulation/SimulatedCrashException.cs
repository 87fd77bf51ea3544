namespace OrleansBroker.Simulation;

/// <summary>The simulated process ended here. Nothing but a test may catch it; not an <see cref="IOException"/>, so that no I/O error path does.</summary>
public sealed class SimulatedCrashException : Exception
{
    public SimulatedCrashException()
        : this("the simulated process has ended")
    {
    }

    public SimulatedCrashException(string message)
        : base(message)
    {
    }

    public SimulatedCrashException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
