namespace OrleansBroker.Simulator.Network;

/// <summary>What goes wrong between processes. Chances are 0 to 1 a message; may be changed while it runs.</summary>
internal sealed class NetworkFaults
{
    /// <summary>The shortest way of a message.</summary>
    public TimeSpan DelayMin { get; set; } = TimeSpan.FromMicroseconds(100);

    /// <summary>The mean of what comes on top, which is mostly less and now and then much more.</summary>
    public TimeSpan DelayMean { get; set; } = TimeSpan.FromMicroseconds(300);

    /// <summary>Chance that a connection breaks when a frame is sent over it; each end hears of it in its own time.</summary>
    public double BreakChance { get; set; }

    /// <summary>Chance that one end of a broken connection is not told, and finds out by its own timeouts.</summary>
    public double SilentBreakChance { get; set; }

    /// <summary>Chance that a question or an answer between brokers is lost.</summary>
    public double PeerLossChance { get; set; }

    /// <summary>Chance that a question between brokers arrives twice.</summary>
    public double PeerDuplicateChance { get; set; }

    /// <summary>How long a connection that a partition interrupts holds, before both ends take it for broken.</summary>
    public TimeSpan StallMax { get; set; } = TimeSpan.FromSeconds(20);
}
