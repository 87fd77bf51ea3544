namespace OrleansBroker.Grains.Tests.Processes;

/// <summary>A test with a real Redis.</summary>
public sealed class RedisFactAttribute : FactAttribute
{
    public RedisFactAttribute()
    {
        if (RedisServer.Program is null)
        {
            Skip = "redis-server is not installed";
        }
    }
}
