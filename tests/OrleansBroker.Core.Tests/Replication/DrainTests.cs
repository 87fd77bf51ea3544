using OrleansBroker.Core.Metadata;
using OrleansBroker.Core.Peers;
using OrleansBroker.Protocol;
using static OrleansBroker.Core.Tests.Replication.States;

namespace OrleansBroker.Core.Tests.Replication;

/// <summary>A broker that is about to stop and leads more than its successor can take over at once.</summary>
public sealed class DrainTests : IAsyncLifetime
{
    private const int Partitions = 150;

    private readonly ReplicaCluster _cluster = new(1, 2);

    public DrainTests()
    {
        _cluster.Topic = new TopicImage("orders", Topic, [.. Enumerable.Repeat(new PartitionImage(BrokerId.None, LeaderEpoch.None, [], []), Partitions)]);
        for (var partition = 0; partition < Partitions; partition++)
        {
            _cluster.Documents.Put(State(1, [1, 2], [1, 2]) with { Partition = partition });
        }
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => _cluster.DisposeAsync().AsTask();

    [Fact]
    public async Task Partitions_are_handed_over_in_portions_and_led_until_it_is_their_turn()
    {
        await _cluster.StartAsync(1, 2);
        var asked = new List<int>();
        _cluster.Asking = request =>
        {
            if (request is TakeLeadership take)
            {
                asked.Add(take.Partitions.Count);
                Assert.All(take.Partitions, key => Assert.True(_cluster[1].PartitionAt(key.Partition)!.IsLeader));
            }
        };

        await _cluster[1].Replicas!.DrainAsync(CancellationToken.None);

        Assert.Equal([64, 64, 22], asked);
        Assert.All(Enumerable.Range(0, Partitions), partition => Assert.Equal(2, _cluster.StoredOf(partition)!.Leader.Value));
    }

    [Fact]
    public async Task A_portion_that_is_not_answered_for_is_asked_for_again()
    {
        await _cluster.StartAsync(1, 2);
        var asked = 0;
        _cluster.Asking = request =>
        {
            if (request is TakeLeadership && ++asked == 2)
            {
                throw new IOException("there is no answer");
            }
        };

        await _cluster[1].Replicas!.DrainAsync(CancellationToken.None);

        Assert.All(Enumerable.Range(0, Partitions), partition => Assert.Equal(2, _cluster.StoredOf(partition)!.Leader.Value));
    }
}
