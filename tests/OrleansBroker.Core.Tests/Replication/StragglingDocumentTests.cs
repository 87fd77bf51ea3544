using OrleansBroker.Core.Metadata;
using OrleansBroker.Core.Replication;
using OrleansBroker.Protocol;
using static OrleansBroker.Core.Tests.Replication.ReplicaCluster;
using static OrleansBroker.Core.Tests.Replication.States;

namespace OrleansBroker.Core.Tests.Replication;

/// <summary>The document of one partition cannot be written, and its writer is not even told so: the partition beside it does not wait for it.</summary>
public sealed class StragglingDocumentTests : IAsyncLifetime
{
    private const int Stuck = 0;
    private const int Well = 1;

    private readonly ReplicaCluster _cluster = new(1, 2, 3);
    private readonly TaskCompletionSource _stuck = new();

    public StragglingDocumentTests()
    {
        _cluster.Topic = new TopicImage("orders", Topic, [.. Enumerable.Repeat(new PartitionImage(BrokerId.None, LeaderEpoch.None, [], []), 2)]);
        _cluster.Documents.OnWrite = async (name, cancellation) =>
        {
            if (name == PartitionDocuments.NameOf(Topic, Stuck))
            {
                _stuck.TrySetResult();
                await Task.Delay(Timeout.Infinite, cancellation);
            }
        };
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => _cluster.DisposeAsync().AsTask();

    [Fact]
    public async Task In_sync_replicas_are_looked_after()
    {
        Put(Stuck, leader: 1, [1, 2, 3]);
        Put(Well, leader: 1, [1, 2, 3]);
        await _cluster.StartAsync(1, 2, 3);

        await _cluster.StopAsync(3);
        await _stuck.Task;
        await UntilAsync(() => _cluster.StoredOf(Well)!.Isr.Length == 2);
        await _cluster.StopAsync(2);
        await UntilAsync(() => _cluster.StoredOf(Well)!.Isr.Length == 1);
        await _cluster.StartAsync(2);
        _cluster.CatchUp(leader: 1, follower: 2, Well);
        await UntilAsync(() => _cluster.StoredOf(Well)!.Isr.Length == 2);

        Assert.Equal(3, _cluster.StoredOf(Stuck)!.Isr.Length);
    }

    [Fact]
    public async Task Leaders_are_elected()
    {
        Put(Stuck, leader: 2, [2, 1]);
        Put(Well, leader: 3, [3, 1]);
        await _cluster.StartAsync(1, 2, 3);

        await _cluster.StopAsync(2);
        await _stuck.Task;
        await _cluster.StopAsync(3);
        await UntilAsync(() => _cluster[1].PartitionAt(Well)!.IsLeader);

        Assert.False(_cluster[1].PartitionAt(Stuck)!.IsLeader);
    }

    private void Put(int partition, int leader, int[] replicas) => _cluster.Documents.Put(State(leader, replicas, replicas) with { Partition = partition });
}
