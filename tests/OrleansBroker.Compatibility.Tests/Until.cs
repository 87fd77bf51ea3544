namespace OrleansBroker.Compatibility.Tests;

/// <summary>Waits for conditions that nobody announces.</summary>
internal static class Until
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(20);

    /// <summary>Waits until the clock shows a later millisecond.</summary>
    public static Task LaterThanAsync(long timestampMs) =>
        TrueAsync(() => Task.FromResult(DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() > timestampMs), "the clock is past a time");

    /// <summary>Asks again and again until a condition holds.</summary>
    public static async Task TrueAsync(Func<Task<bool>> condition, string what)
    {
        using var timer = new PeriodicTimer(Interval);
        using var deadline = new CancellationTokenSource(Timeout);
        while (!await condition())
        {
            if (deadline.IsCancellationRequested)
            {
                throw new TimeoutException($"waited in vain until {what}");
            }
            await timer.WaitForNextTickAsync(CancellationToken.None);
        }
    }
}
