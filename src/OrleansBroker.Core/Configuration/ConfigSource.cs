namespace OrleansBroker.Core.Configuration;

/// <summary>Where a configuration's value comes from; the number is the wire's, in DescribeConfigs and CreateTopics.</summary>
public enum ConfigSource
{
    Topic = 1,
    DynamicBroker = 2,
    DynamicDefaultBroker = 3,
    StaticBroker = 4,
    Default = 5,
}
