using OrleansBroker.Core.Configuration;
using OrleansBroker.Core.Documents;
using OrleansBroker.Core.Replication;
using OrleansBroker.Protocol;
using static OrleansBroker.Core.Tests.Replication.ReplicaCluster;
using static OrleansBroker.Core.Tests.Replication.States;

namespace OrleansBroker.Core.Tests.Replication;

/// <summary>Two brokers and one document: who has read what, and whose answer was lost.</summary>
public sealed class DocumentRaceTests : IAsyncLifetime
{
    private readonly ReplicaCluster _cluster = new(1, 2);

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => _cluster.DisposeAsync().AsTask();

    [Fact]
    public async Task A_leader_that_has_not_heard_of_its_successor_does_not_write_over_it_when_its_topic_is_looked_at()
    {
        await StartAsync(State(1, [1, 2], [1, 2]));
        _cluster.Documents.Put(State(2, [1, 2], [2], epoch: 1) with { PartitionEpoch = 1 });

        await _cluster[1].Replicas!.PartitionsAddedAsync(_cluster.Topic, 1);
        await _cluster[1].Replicas!.AlterAsync(_cluster.Key, state => state with { PartitionEpoch = state.PartitionEpoch + 1 }, CancellationToken.None);

        Assert.Equal(2, _cluster.Stored!.Leader.Value);
        Assert.False(_cluster[1].Partition!.IsLeader);
    }

    [Fact]
    public async Task A_broker_that_took_over_and_was_not_told_so_finds_out()
    {
        await StartAsync(State(1, [1, 2], [1, 2]));

        _cluster.Documents.IsNextAnswerLost = true;
        var errors = await _cluster[2].Replicas!.TakeLeadershipAsync([_cluster.Key], ElectionKind.Handover);
        Assert.Equal([ErrorCode.LeaderNotAvailable], errors);
        Assert.Equal(2, _cluster.Stored!.Leader.Value);
        Assert.False(_cluster[2].Partition!.IsLeader);
        _cluster.Documents.IsNextAnswerLost = false;

        await UntilAsync(() => _cluster[2].Partition!.IsLeader && !_cluster[1].Partition!.IsLeader);
        Assert.Equal(2, _cluster[1].Partition!.State.Leader.Value);
    }

    [Fact]
    public async Task A_broker_whose_election_is_stored_after_it_has_started_anew_is_told_by_the_leader_that_lost_it()
    {
        await StartAsync(State(1, [1, 2], [1, 2]));
        await _cluster.StopAsync(2);
        await _cluster.StartAsync(2);

        _cluster.Documents.Put(State(2, [1, 2], [2], epoch: 1));

        await UntilAsync(() => _cluster[2].Partition!.IsLeader);
        Assert.Equal(2, _cluster.Stored!.LeaderEpoch.Value);
        Assert.False(_cluster[1].Partition!.IsLeader);
    }

    [Fact]
    public async Task Documents_that_cannot_be_reached_are_not_asked_for_without_pause()
    {
        Assert.True(BrokerConfig.TryCreate([new("replica.lag.time.max.ms", "400")], out var config, out _));
        _cluster[1].Config.Replace(config);

        // The first write: that broker 2 lags, or that it does not live.
        _cluster.Documents.IsNextAnswerLost = true;
        await StartAsync(State(1, [1, 2], [1, 2]));
        await _cluster.StopAsync(2);
        await UntilAsync(() => _cluster.Documents.Refused > 5);
        var (before, started) = (_cluster.Documents.Refused, TimeProvider.System.GetTimestamp());

        await UntilAsync(() => _cluster.Documents.Refused > before + 10);

        Assert.True(TimeProvider.System.GetElapsedTime(started) > TimeSpan.FromMilliseconds(300), "ten questions were asked without a pause");
        _cluster.Documents.IsNextAnswerLost = false;
        await UntilAsync(() => _cluster.Stored!.Isr.Length == 1);
    }

    [Fact]
    public async Task A_topic_that_is_deleted_while_its_broker_starts_is_not_served()
    {
        _cluster.Documents.Put(State(1, [1, 2], [1, 2]));
        _cluster.Documents.OnRead = () =>
        {
            _cluster.Documents.OnRead = null;
            _cluster[1].Metadata.Change(image => image.Without([_cluster.Topic]));
            return _cluster[1].Replicas!.TopicDeletedAsync(_cluster.Topic);
        };

        await _cluster.StartAsync(1);

        Assert.Null(_cluster[1].Partition);
        Assert.False(_cluster[1].HasLog);
        Assert.Null(_cluster[1].Metadata.Current.Find(_cluster.Topic.Id));
    }

    [Fact]
    public async Task A_leader_that_cannot_open_its_log_hands_over()
    {
        await _cluster.StartAsync(1, 2);
        _cluster[1].Disk.Faults.CapacityBytes = 0;
        _cluster.Documents.Put(State(1, [1, 2], [1, 2]));
        await _cluster[1].Replicas!.TopicCreatedAsync(_cluster.Topic);
        await _cluster[2].Replicas!.TopicCreatedAsync(_cluster.Topic);
        Assert.Null(_cluster[1].Partition);
        await UntilAsync(() => _cluster[2].Partition!.IsLeader);

        _cluster[1].Disk.Faults.CapacityBytes = long.MaxValue;
        await UntilAsync(() => _cluster[1].Partition is not null);
        Assert.Equal(2, _cluster[1].Partition!.State.Leader.Value);
    }

    [Fact]
    public async Task A_document_that_is_created_is_never_written_over()
    {
        var writer = new DocumentWriter(_cluster.Documents);
        Assert.True(await writer.CreateAsync("one", new byte[] { 1 }, CancellationToken.None));
        Assert.False(await writer.CreateAsync("one", new byte[] { 2 }, CancellationToken.None));
        Assert.Equal(1, (await writer.ReadAsync("one", CancellationToken.None))!.Value.Span[0]);
        Assert.False(await writer.CreateAsync("one", new byte[] { 3 }, CancellationToken.None));
        Assert.Equal(1, _cluster.Documents.Find("one")!.Value.Span[0]);

        writer.Forget("one");
        Assert.Equal(0, writer.Count);
        Assert.False(await writer.WriteAsync("one", new byte[] { 4 }, CancellationToken.None));
    }

    private async Task StartAsync(PartitionState state)
    {
        _cluster.Documents.Put(state);
        await _cluster.StartAsync(1, 2);
        Assert.True(_cluster[1].Partition!.IsLeader);
    }
}
