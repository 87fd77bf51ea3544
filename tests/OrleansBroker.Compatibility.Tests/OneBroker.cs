using OrleansBroker.Compatibility.Tests.Broker;

namespace OrleansBroker.Compatibility.Tests;

/// <summary>What real clients do with one broker, as <c>silo/run</c> starts it.</summary>
public static class OneBroker
{
    public sealed class Admin(OneBrokerFixture broker) : AdminTests(broker), IClassFixture<OneBrokerFixture>;

    // Not for the runtime that does not matter to it: so that there is one that runs embedded.
    public sealed class CrossClient(OneEmbeddedBrokerFixture broker) : CrossClientTests(broker), IClassFixture<OneEmbeddedBrokerFixture>;

    public sealed class GroupAdmin(OneBrokerFixture broker) : GroupAdminTests(broker), IClassFixture<OneBrokerFixture>;

    public sealed class Group(OneBrokerFixture broker) : GroupTests(broker), IClassFixture<OneBrokerFixture>;

    public sealed class ProduceAndConsume(OneBrokerFixture broker) : ProduceAndConsumeTests(broker), IClassFixture<OneBrokerFixture>;

    public sealed class Seek(OneBrokerFixture broker) : SeekTests(broker), IClassFixture<OneBrokerFixture>;
}
