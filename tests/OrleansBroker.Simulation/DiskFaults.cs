namespace OrleansBroker.Simulation;

/// <summary>What goes wrong on a <see cref="SimulatedDisk"/>. May be changed while it runs; chances are 0 to 1, drawn from the disk's seed.</summary>
public sealed class DiskFaults
{
    /// <summary>Bytes that all files together may have; a write beyond stores what fits and fails.</summary>
    public long CapacityBytes { get; set; } = long.MaxValue;

    /// <summary>Chance that a read fails.</summary>
    public double ReadErrorChance { get; set; }

    /// <summary>Chance that a write stores a part of its bytes and fails.</summary>
    public double WriteErrorChance { get; set; }

    /// <summary>Chance that an fsync or msync fails; what it was to make durable stays in doubt.</summary>
    public double FlushErrorChance { get; set; }

    /// <summary>Milliseconds that each fsync takes, told to <see cref="Pause"/>.</summary>
    public int FlushMs { get; set; }

    /// <summary>Lets simulated time pass, in milliseconds.</summary>
    public Action<int>? Pause { get; set; }

    /// <summary>Which paths read, write and flush errors concern; all, unless set.</summary>
    public Func<string, bool>? Concerns { get; set; }

    /// <summary>Power loss: chance that a write that was not flushed is there afterwards, independently of the writes before it.</summary>
    public double WriteSurvivalChance { get; set; } = 0.5;

    /// <summary>Power loss: chance that a write that is not there wholly is there in part.</summary>
    public double TornWriteChance { get; set; } = 0.5;

    /// <summary>Power loss: bytes of the atomic unit at which writes tear (512 is a sector, 1 tears anywhere).</summary>
    public int TearBytes { get; set; } = 512;

    /// <summary>Power loss: chance that a lost write that grew its file leaves the length, with zeros.</summary>
    public double LengthWithoutDataChance { get; set; } = 0.25;

    /// <summary>Power loss: chance that a creation, rename or deletion whose directory was not flushed is there afterwards.</summary>
    public double DirectoryOperationSurvivalChance { get; set; } = 0.5;

    /// <summary>Power loss: directory operations survive independently of each other, instead of a prefix of each directory's as on journalling file systems.</summary>
    public bool DirectoryOperationsReordered { get; set; }
}
