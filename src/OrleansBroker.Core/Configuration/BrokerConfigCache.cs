namespace OrleansBroker.Core.Configuration;

/// <summary>Holds the broker's configuration as it is now. Whoever needs a configuration that can change asks each time.</summary>
public sealed class BrokerConfigCache(BrokerConfig config)
{
    private volatile BrokerConfig _current = config;

    public BrokerConfig Current => _current;

    public void Replace(BrokerConfig config) => _current = config;
}
