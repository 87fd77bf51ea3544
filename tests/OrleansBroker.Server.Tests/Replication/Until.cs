using System.Diagnostics;

namespace OrleansBroker.Server.Tests.Replication;

/// <summary>Waits for what comes about by itself, with a deadline that only a broken build reaches.</summary>
internal static class Until
{
    public static async Task TrueAsync(Func<bool> condition, Func<string> state)
    {
        var watch = Stopwatch.StartNew();
        while (!condition())
        {
            Assert.True(watch.Elapsed < TimeSpan.FromSeconds(30), state());
            await Task.Delay(1);
        }
    }
}
