using Microsoft.Extensions.Logging.Abstractions;
using OrleansBroker.Abstractions.Partitions;
using OrleansBroker.Grains.Doors;
using OrleansBroker.Grains.Membership;
using OrleansBroker.Protocol.Messages;
using OrleansBroker.Protocol.Records;

namespace OrleansBroker.Grains.Tests.Grains;

/// <summary>What a broker answers that is not to begin with anything.</summary>
[Collection(GrainCluster.Name)]
public sealed class BrokerDoorTests(GrainCluster cluster)
{
    [Fact]
    public async Task What_is_held_up_for_long_is_not_run_and_may_be_tried_again()
    {
        var topic = await cluster.TopicAsync("held-up");
        var local = cluster.Silos.Service<LocalBroker>(await cluster.Silos.Client.LeaderAsync(topic));
        var nowMs = 0L;
        using var pauses = new PauseWatch(_ => Task.FromResult(false), NullLogger.Instance, () => nowMs);
        await using var door = new BrokerDoor(local.Host!, local, pauses, waitMax: TimeSpan.FromMilliseconds(50));
        nowMs = PauseWatch.PauseMsMax + 1;

        await NothingIsRunAsync(door, topic);
    }

    [Fact]
    public async Task What_comes_after_the_end_is_not_run_and_may_be_tried_again()
    {
        var topic = await cluster.TopicAsync("too-late");
        var local = cluster.Silos.Service<LocalBroker>(await cluster.Silos.Client.LeaderAsync(topic));
        var door = new BrokerDoor(local.Host!, local, pauses: null, BrokerDoor.WaitMax);
        await door.DisposeAsync();

        await NothingIsRunAsync(door, topic);
    }

    [Fact]
    public async Task Requests_that_do_not_fit_in_wait_and_take_nothing_when_they_give_up()
    {
        var room = new DoorRoom(100, TimeProvider.System);
        await room.TakeAsync(80, TimeSpan.Zero, CancellationToken.None);

        await Assert.ThrowsAsync<TimeoutException>(() => room.TakeAsync(30, TimeSpan.FromMilliseconds(1), CancellationToken.None).AsTask());
        var waiting = room.TakeAsync(100, Timeout.InfiniteTimeSpan, CancellationToken.None).AsTask();
        Assert.False(waiting.IsCompleted);
        room.GiveBack(80);
        await waiting;
    }

    private async Task NothingIsRunAsync(BrokerDoor door, string topic)
    {
        var key = PartitionKey.Of(topic, 0);
        using var builder = new RecordBatchBuilder();
        builder.Append(0, default, "not run"u8.ToArray());

        Assert.Equal(ErrorCode.NotLeaderOrFollower, ((AppendResponse)(await door.HandleAsync(key, new AppendRequest { Batch = builder.Build().ToArray() }))!).Error);
        Assert.Equal(ErrorCode.NotLeaderOrFollower, ((ReadResponse)(await door.HandleAsync(key, new ReadRequest()))!).Error);
        Assert.Equal(ErrorCode.CoordinatorNotAvailable, ((JoinGroupResponse)(await door.HandleAsync("held-up", new JoinGroupRequest()))!).ErrorCode);
        await Assert.ThrowsAsync<IOException>(() => door.HandleAsync("catalog", new MetadataRequest()).AsTask());
        Assert.Equal(0, await cluster.Client.Partition(topic, 0).LatestOffsetAsync());
    }
}
