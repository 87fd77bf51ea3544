namespace OrleansBroker.Compatibility.Tests.Broker;

/// <summary><c>silo/run --brokers 3</c>: topics get three replicas of which two have to be in sync.</summary>
public sealed class ThreeBrokersFixture() : BrokerFixture(3);
