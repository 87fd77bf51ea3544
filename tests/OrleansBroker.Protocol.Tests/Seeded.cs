namespace OrleansBroker.Protocol.Tests;

/// <summary>Runs a test with a fresh seed that its failure names; <c>TEST_SEED</c> sets the seed to see a failure again.</summary>
internal static class Seeded
{
    public static void Run(Action<Random> test)
    {
        var seed = int.TryParse(Environment.GetEnvironmentVariable("TEST_SEED"), out var given) ? given : Random.Shared.Next();
        try
        {
            test(new Random(seed));
        }
        catch (Exception e)
        {
            throw new InvalidOperationException($"TEST_SEED={seed}: {e.Message}", e);
        }
    }
}
