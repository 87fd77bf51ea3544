namespace OrleansBroker.Simulator.Ports;

/// <summary>What goes wrong between brokers and the document store. Chances are 0 to 1 a write; may be changed while it runs.</summary>
internal sealed class StoreFaults
{
    /// <summary>The shortest time that a call takes.</summary>
    public TimeSpan DelayMin { get; set; } = TimeSpan.FromMicroseconds(500);

    /// <summary>The mean of what comes on top.</summary>
    public TimeSpan DelayMean { get; set; } = TimeSpan.FromMilliseconds(2);

    /// <summary>Chance that a call fails before anything is done.</summary>
    public double FailChance { get; set; }

    /// <summary>Chance that a write is done and its answer lost.</summary>
    public double LostAnswerChance { get; set; }

    /// <summary>Chance that a write's answer is lost and the write itself is done only later, if nobody else has written by then.</summary>
    public double LateChance { get; set; }

    /// <summary>How much later at most.</summary>
    public TimeSpan LateMax { get; set; } = TimeSpan.FromSeconds(8);

    /// <summary>Chance that a write is done, its answer lost, others may read it, and it is undone before its writer has read it.</summary>
    public double RolledBackChance { get; set; }

    /// <summary>Chance that a client of the store tries again by itself: the write is done, and answered as if another had come first.</summary>
    public double FalseConflictChance { get; set; }
}
