namespace OrleansBroker.Client.Tests;

/// <summary>Waits for what is bound to happen, with a deadline that only a broken build reaches.</summary>
internal static class Until
{
    public static readonly TimeSpan Deadline = TimeSpan.FromMinutes(2);

    /// <summary>Tries again what fails with a <see cref="KafkaException"/>.</summary>
    public static async Task<T> SucceedsAsync<T>(Func<Task<T>> attempt)
    {
        var deadline = DateTime.UtcNow + Deadline;
        while (true)
        {
            try
            {
                return await attempt();
            }
            catch (KafkaException) when (DateTime.UtcNow < deadline)
            {
                await Task.Delay(20);
            }
        }
    }
}
