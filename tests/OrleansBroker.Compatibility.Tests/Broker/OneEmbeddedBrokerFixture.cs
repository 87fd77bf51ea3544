namespace OrleansBroker.Compatibility.Tests.Broker;

/// <summary><c>silo/run --runtime embedded</c>.</summary>
public sealed class OneEmbeddedBrokerFixture : BrokerFixture
{
    protected override Task StartAsync() => StartAsync("data", "--runtime", "embedded");
}
