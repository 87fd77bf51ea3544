namespace OrleansBroker.Simulation;

/// <summary>A file's content or a directory: what a directory entry points to. Open handles keep it alive after its entry has gone.</summary>
internal abstract class SimulatedNode
{
    /// <summary>Forgets what was not flushed, by chance in part.</summary>
    public abstract void LosePower(Random random, DiskFaults faults);

    /// <summary>Cuts the ties of open handles: what they still write goes nowhere.</summary>
    public abstract void Detach();

    public abstract SimulatedNode Fork();
}
