namespace OrleansBroker.Compatibility.Tests.Broker;

/// <summary><c>silo/run</c> as it starts by default.</summary>
public sealed class OneBrokerFixture() : BrokerFixture(1, []);
