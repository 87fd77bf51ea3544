using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Messages;
using DeleteRecordsPartitionResult = OrleansBroker.Protocol.Messages.DeleteRecordsResponse.DeleteRecordsPartitionResult;

namespace OrleansBroker.Server.Tests.Replication;

/// <summary>DeleteRecords is answered when the records are gone from all replicas that live.</summary>
public sealed class RecordDeletionTests : IAsyncLifetime
{
    private readonly ReplicaCluster _cluster = new(2);
    private readonly TaskCompletionSource _held = new();

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        _held.TrySetResult();
        await _cluster.DisposeAsync();
    }

    [Fact]
    public async Task A_follower_is_waited_for()
    {
        await FillAndHoldFollowerAsync();
        var deleting = DeleteAsync(before: 1, timeoutMs: 60_000);
        await Until.TrueAsync(() => _cluster.Brokers[0]["t"].LogStartOffset == 1, () => "not deleted");
        Assert.False(deleting.IsCompleted);

        _held.SetResult();

        var deleted = await deleting;
        Assert.Equal((ErrorCode.None, 1), (deleted.ErrorCode, deleted.LowWatermark));
        Assert.Equal(1, _cluster.Brokers[1]["t"].LogStartOffset);
    }

    [Fact]
    public async Task A_follower_that_takes_too_long_leaves_the_deletion_open()
    {
        await FillAndHoldFollowerAsync();

        var deleted = await DeleteAsync(before: 2, timeoutMs: 20);

        Assert.Equal((ErrorCode.RequestTimedOut, 0), (deleted.ErrorCode, deleted.LowWatermark));
        Assert.Equal(2, _cluster.Brokers[0]["t"].LogStartOffset);
    }

    [Fact]
    public async Task A_leader_that_is_none_any_more_does_not_know()
    {
        await FillAndHoldFollowerAsync();
        var deleting = DeleteAsync(before: 1, timeoutMs: 60_000);
        await Until.TrueAsync(() => _cluster.Brokers[0]["t"].LogStartOffset == 1, () => "not deleted");

        _cluster.Elect("t", leader: 1);

        var deleted = await deleting;
        Assert.Equal((ErrorCode.NotLeaderOrFollower, -1), (deleted.ErrorCode, deleted.LowWatermark));
    }

    private async Task FillAndHoldFollowerAsync()
    {
        _cluster.Create("t");
        _cluster.Brokers[0].Append("t", "a");
        _cluster.Brokers[0].Append("t", "b");
        await _cluster.ConvergedAsync("t", 2);
        var isHeld = new TaskCompletionSource();
        _cluster.Connectors[1].Delivering = _ =>
        {
            isHeld.TrySetResult();
            return _held.Task;
        };
        await isHeld.Task.WaitAsync(TimeSpan.FromSeconds(60));
    }

    private async Task<DeleteRecordsPartitionResult> DeleteAsync(long before, int timeoutMs)
    {
        await using var connection = await _cluster.Connectors[0].ConnectAsync(new BrokerId(0), CancellationToken.None);
        var request = new DeleteRecordsRequest { TimeoutMs = timeoutMs, Topics = [new() { Name = "t", Partitions = [new() { Offset = before }] }] };
        return (await connection.SendAsync<DeleteRecordsRequest, DeleteRecordsResponse>(request, 2, CancellationToken.None)).Topics[0].Partitions[0];
    }
}
