using OrleansBroker.Compatibility.Tests.Broker;

namespace OrleansBroker.Compatibility.Tests;

/// <summary>
/// The same with three brokers, silos where there are such, each client beginning at another of them. Left out is what does not depend on how many there are,
/// for the time it takes: all of <see cref="CrossClientTests"/>, and of the others what is marked with
/// <see cref="Drivers.ClientTheoryAttribute.OneBroker"/>, that is codecs, what a record carries, and configurations.
/// </summary>
public static class ThreeBrokers
{
    public sealed class Admin(ThreeBrokersFixture broker) : AdminTests(broker), IClassFixture<ThreeBrokersFixture>;

    public sealed class Cluster(ThreeBrokersFixture brokers) : ClusterTests(brokers), IClassFixture<ThreeBrokersFixture>;

    public sealed class EmbeddedCluster(ThreeEmbeddedBrokersFixture brokers) : ClusterTests(brokers), IClassFixture<ThreeEmbeddedBrokersFixture>;

    public sealed class GroupAdmin(ThreeBrokersFixture broker) : GroupAdminTests(broker), IClassFixture<ThreeBrokersFixture>;

    public sealed class Group(ThreeBrokersFixture broker) : GroupTests(broker), IClassFixture<ThreeBrokersFixture>;

    public sealed class ProduceAndConsume(ThreeBrokersFixture broker) : ProduceAndConsumeTests(broker), IClassFixture<ThreeBrokersFixture>;

    public sealed class Seek(ThreeBrokersFixture broker) : SeekTests(broker), IClassFixture<ThreeBrokersFixture>;
}
