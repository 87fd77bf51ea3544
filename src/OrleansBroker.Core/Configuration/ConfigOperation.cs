namespace OrleansBroker.Core.Configuration;

/// <summary>What IncrementalAlterConfigs does to one configuration (KIP-339); the number is the wire's.</summary>
public enum ConfigOperation
{
    Set = 0,

    /// <summary>Back to the default.</summary>
    Delete = 1,

    /// <summary>More elements for a list.</summary>
    Append = 2,

    /// <summary>Fewer elements for a list.</summary>
    Subtract = 3,
}
