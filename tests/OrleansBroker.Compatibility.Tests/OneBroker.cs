using OrleansBroker.Compatibility.Tests.Broker;

namespace OrleansBroker.Compatibility.Tests;

/// <summary>What real clients do with one broker.</summary>
public static class OneBroker
{
    public sealed class Admin(OneBrokerFixture broker) : AdminTests(broker), IClassFixture<OneBrokerFixture>;

    public sealed class CrossClient(OneBrokerFixture broker) : CrossClientTests(broker), IClassFixture<OneBrokerFixture>;

    public sealed class GroupAdmin(OneBrokerFixture broker) : GroupAdminTests(broker), IClassFixture<OneBrokerFixture>;

    public sealed class Group(OneBrokerFixture broker) : GroupTests(broker), IClassFixture<OneBrokerFixture>;

    public sealed class ProduceAndConsume(OneBrokerFixture broker) : ProduceAndConsumeTests(broker), IClassFixture<OneBrokerFixture>;

    public sealed class Seek(OneBrokerFixture broker) : SeekTests(broker), IClassFixture<OneBrokerFixture>;
}
