namespace OrleansBroker.Core.Configuration;

/// <summary>The values of <c>auto.rebalance.mode</c>.</summary>
public static class RebalanceModes
{
    public const string Off = "off";

    public const string NewBrokers = "new-brokers";

    public const string AllBrokers = "all-brokers";
}
