namespace OrleansBroker.Client.Connections;

/// <summary>Pauses that double from <paramref name="First"/> up to <paramref name="Max"/>, each a fifth longer or shorter by chance, so that clients which failed together do not return together (KIP-580).</summary>
internal readonly record struct Backoff(TimeSpan First, TimeSpan Max)
{
    private const double Jitter = 0.2;
    private const int DoublingsMax = 30;

    /// <param name="failures">How often it has failed in a row; 0 for no pause.</param>
    public TimeSpan After(int failures)
    {
        if (failures <= 0)
        {
            return TimeSpan.Zero;
        }

        var doubled = First * (1L << Math.Min(failures - 1, DoublingsMax));
        var jitter = 1 + (Jitter * ((2 * Random.Shared.NextDouble()) - 1));
        return (doubled < Max ? doubled : Max) * jitter;
    }
}
