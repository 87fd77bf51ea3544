namespace OrleansBroker.Compatibility.Tests.Broker;

/// <summary><c>silo/run --brokers 3</c>: topics get three replicas of which two have to be in sync.</summary>
public sealed class ThreeBrokersFixture() : BrokerFixture(Racks.Length, ["--brokers", "3", .. Racks.SelectMany(rack => new[] { "--rack", rack })])
{
    /// <summary>The rack of each broker.</summary>
    internal static readonly string[] Racks = ["rack-0", "rack-1", "rack-2"];
}
