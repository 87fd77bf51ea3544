namespace OrleansBroker.Compatibility.Tests.Broker;

/// <summary><c>silo/run --brokers 3</c>: three brokers in one process.</summary>
public sealed class ThreeEmbeddedBrokersFixture : BrokerFixture
{
    protected override Task StartAsync() => StartAsync("data", ["--brokers", "3", .. ThreeBrokersFixture.Racks.SelectMany(rack => new[] { "--rack", rack })]);
}
