namespace OrleansBroker.Simulator.Engine;

/// <summary>
/// Where all chance comes from: a tree of random sequences that grows from the seed. Each part draws from a branch of its own, so that
/// one more draw in one part does not change what the others draw.
/// </summary>
internal sealed class Chance(long seed)
{
    public Random Random { get; } = new(Fold(seed));

    /// <summary>The branch of that name.</summary>
    public Chance Branch(string name)
    {
        var hash = seed;
        foreach (var character in name)
        {
            hash = Mix(hash ^ character);
        }

        return new Chance(hash);
    }

    public bool Happens(double chance) => chance > 0 && Random.NextDouble() < chance;

    /// <summary>A whole number from <paramref name="least"/> to <paramref name="most"/>.</summary>
    public int Between(int least, int most) => Random.Next(least, most + 1);

    public long Ticks(long least, long most) => least >= most ? least : Random.NextInt64(least, most + 1);

    public T Of<T>(IReadOnlyList<T> items) => items[Random.Next(items.Count)];

    /// <summary>A delay in ticks: mostly near the least, now and then long (an exponential tail, cut at thirty times the mean).</summary>
    public long Delay(TimeSpan least, TimeSpan mean)
    {
        var tail = -Math.Log(1 - Random.NextDouble()) * mean.Ticks;
        return least.Ticks + (long)Math.Min(tail, 30.0 * mean.Ticks);
    }

    private static int Fold(long value)
    {
        var mixed = Mix(value);
        return (int)(mixed ^ (mixed >>> 32)) & int.MaxValue;
    }

    /// <summary>SplitMix64's finisher.</summary>
    private static long Mix(long value)
    {
        unchecked
        {
            var mixed = (ulong)value + 0x9E3779B97F4A7C15;
            mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9;
            mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
            return (long)(mixed ^ (mixed >> 31));
        }
    }
}
