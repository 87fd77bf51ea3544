namespace OrleansBroker.Compatibility.Tests.Broker;

/// <summary><c>silo/run</c> as it starts by default: one silo, or the embedded broker where there is no Orleans.</summary>
public sealed class OneBrokerFixture : BrokerFixture
{
    protected override Task StartAsync() => StartAsync("data");
}
