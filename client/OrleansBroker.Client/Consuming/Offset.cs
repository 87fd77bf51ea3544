namespace OrleansBroker.Client;

/// <summary>Offsets that stand for a place which is looked up when it is needed.</summary>
public static class Offset
{
    /// <summary>The end of the partition.</summary>
    public const long End = -1;

    /// <summary>The first record that there is.</summary>
    public const long Beginning = -2;

    /// <summary>None: as <see cref="ConsumerOptions.AutoOffsetReset"/> has it.</summary>
    public const long Unset = -1001;
}
