using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Records;
using static OrleansBroker.Core.Tests.Replication.ReplicaCluster;
using static OrleansBroker.Core.Tests.Replication.States;

namespace OrleansBroker.Core.Tests.Replication;

/// <summary>A follower's log fails while nothing is appended to its partition.</summary>
public sealed class FailedFollowerTests : IAsyncLifetime
{
    private readonly ReplicaCluster _cluster = new(1, 2);

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => _cluster.DisposeAsync().AsTask();

    [Fact]
    public async Task Its_leader_drops_it_and_it_is_not_fetched_any_more()
    {
        _cluster.Documents.Put(State(1, [1, 2], [1, 2]));
        await _cluster.StartAsync(1, 2);
        _cluster.CatchUp(leader: 1, follower: 2);

        Fail(_cluster[2]);

        await UntilAsync(() => Ids(_cluster.Stored!.Isr) is [1]);
        await UntilAsync(() => Ids(_cluster[2].Partition!.State.Isr) is [1]);
    }

    private static void Fail(Broker broker)
    {
        using var builder = new RecordBatchBuilder(CompressionCodec.None);
        builder.Append(1_700_000_000_000, null, new byte[10]);
        broker.Disk.Faults.WriteErrorChance = 1;
        Assert.Equal(ErrorCode.KafkaStorageError, broker.Partition!.AppendReplicated(builder.Build().ToArray(), new LeaderEpoch(0), 1_700_000_000_000).Error);
        broker.Disk.Faults.WriteErrorChance = 0;
        Assert.True(broker.Partition.Log.IsFailed);
    }
}
