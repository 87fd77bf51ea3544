using OrleansBroker.Chaos;

namespace OrleansBroker.Grains.Tests.Processes;

/// <summary>A test with a real Redis in a network of its own.</summary>
public sealed class NetworkFactAttribute : FactAttribute
{
    public NetworkFactAttribute() => Skip = RedisServer.Program is null ? "redis-server is not installed" : Network.FindObstacle();
}
