namespace OrleansBroker.Core.Replication;

/// <summary>Does the same for many, a bounded number at a time.</summary>
internal static class Concurrently
{
    public static async ValueTask ForEachAsync<T>(IReadOnlyList<T> items, int atOnceMax, Func<T, ValueTask> action)
    {
        var next = -1;
        var workers = new Task[Math.Min(items.Count, atOnceMax)];
        for (var i = 0; i < workers.Length; i++)
        {
            workers[i] = WorkAsync();
        }

        await Task.WhenAll(workers);

        async Task WorkAsync()
        {
            for (var index = Interlocked.Increment(ref next); index < items.Count; index = Interlocked.Increment(ref next))
            {
                await action(items[index]);
            }
        }
    }
}
