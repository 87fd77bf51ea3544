namespace OrleansBroker.Grains.Tests.Silos;

/// <summary>
/// Silos of TestingHost talk in memory, and yet it looks for ports that nobody uses, at a hundred places, and gives up: with the
/// closed connections of other tests still waiting for their end all over the range, it takes more.
/// </summary>
internal static class MemoryPorts
{
    private const int LooksMax = 1_000;

    public static T Find<T>(Func<T> build)
    {
        for (var looks = 1; ; looks++)
        {
            try
            {
                return build();
            }
            catch (InvalidOperationException e) when (looks < LooksMax && e.Message.Contains("free ports", StringComparison.Ordinal))
            {
                // The next look is at other places.
            }
        }
    }
}
