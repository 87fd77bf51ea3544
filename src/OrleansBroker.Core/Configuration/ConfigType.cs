namespace OrleansBroker.Core.Configuration;

/// <summary>What kind of value a configuration takes; the number is the wire's, in DescribeConfigs.</summary>
public enum ConfigType
{
    Boolean = 1,
    String = 2,
    Int = 3,
    Short = 4,
    Long = 5,
    Double = 6,
    List = 7,
    Class = 8,
    Password = 9,
}
