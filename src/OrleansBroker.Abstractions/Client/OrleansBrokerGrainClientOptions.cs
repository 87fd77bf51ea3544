namespace OrleansBroker.Abstractions.Client;

/// <summary>How an application reaches the grains of a cluster of brokers that it is not part of.</summary>
public sealed class OrleansBrokerGrainClientOptions
{
    /// <summary>The key under which the client is found: <c>IBrokerGrains</c>, <c>IClusterClient</c> and <c>IGrainFactory</c>.</summary>
    public const string ServiceKey = "OrleansBroker";

    /// <summary>The brokers' <c>--cluster</c>: Orleans' cluster id and service id.</summary>
    public string Cluster { get; set; } = string.Empty;

    /// <summary>
    /// The brokers' gateways as HOST:PORT, their <c>--gateway-port</c>. None where the application says by itself how gateways are found,
    /// as with <c>UseRedisClustering</c>.
    /// </summary>
    public IList<string> Gateways { get; } = [];

    /// <summary>How long the start of the application waits for the cluster; it goes on without it then, and connects when it is there. A day at most.</summary>
    public TimeSpan ConnectWithin { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How long between attempts to connect, a day at most.</summary>
    public TimeSpan ConnectAgainAfter { get; set; } = TimeSpan.FromSeconds(1);
}
