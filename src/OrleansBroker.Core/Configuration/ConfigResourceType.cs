namespace OrleansBroker.Core.Configuration;

/// <summary>What a configuration belongs to; the number is the wire's.</summary>
public enum ConfigResourceType
{
    Unknown = 0,
    Topic = 2,
    Broker = 4,
    BrokerLogger = 8,
    ClientMetrics = 16,
    Group = 32,
}
