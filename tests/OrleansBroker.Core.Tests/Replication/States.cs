using OrleansBroker.Core.Ports;
using OrleansBroker.Core.Replication;
using OrleansBroker.Protocol;

namespace OrleansBroker.Core.Tests.Replication;

/// <summary>States and views in few words. Brokers are numbers; a member is of broker epoch 1 unless said otherwise.</summary>
internal static class States
{
    public static readonly Guid Topic = new("0c6d2f43-2f1e-4cb4-9a7f-6d1f6d1f7f10");

    public static PartitionState State(int leader, int[] replicas, int[] isr, int epoch = 0, int[]? eligible = null) => new()
    {
        TopicId = Topic,
        Partition = 0,
        Replicas = Array.ConvertAll(replicas, id => new BrokerId(id)),
        Leader = new BrokerId(leader),
        LeaderEpoch = new LeaderEpoch(epoch),
        Isr = Array.ConvertAll(isr, id => Member(id)),
        Eligible = Array.ConvertAll(eligible ?? [], id => Member(id)),
    };

    public static IsrMember Member(int broker, long epoch = 1) => new(new BrokerId(broker), epoch);

    public static BrokerRegistration Broker(int id, long epoch = 1, long dataEpoch = 1, bool isDraining = false) =>
        new(new BrokerId(id), epoch, dataEpoch, Guid.Empty, "localhost", 9092 + id, null) { IsDraining = isDraining };

    public static ClusterView View(params BrokerRegistration[] brokers) => new(1, [.. brokers]);

    public static ClusterView Alive(params int[] brokers) => View([.. brokers.Select(id => Broker(id))]);

    public static int[] Ids(IEnumerable<IsrMember> members) => [.. members.Select(member => member.Broker.Value)];
}
