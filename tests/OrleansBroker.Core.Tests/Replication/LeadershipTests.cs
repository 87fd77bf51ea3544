using OrleansBroker.Core.Partitions;
using OrleansBroker.Core.Ports;
using OrleansBroker.Core.Replication;
using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Records;
using OrleansBroker.Simulation;
using OrleansBroker.Storage;
using static OrleansBroker.Core.Tests.Replication.States;

namespace OrleansBroker.Core.Tests.Replication;

/// <summary>Broker 1 leads, brokers 2 and 3 follow; min.insync.replicas is 2 unless said otherwise.</summary>
public sealed class LeadershipTests : IDisposable
{
    private const long NowMs = 1_700_000_000_000;

    private readonly LogDirectory _logs;
    private readonly Partition _partition;
    private readonly List<Partition> _caughtUp = [];

    public LeadershipTests()
    {
        _logs = LogDirectory.Open(new LogDirectoryOptions
        {
            Files = new SimulatedDisk(seed: 1),
            Path = "/data",
            Broker = new BrokerId(1),
            NowMs = NowMs,
            Logger = Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance,
            RecoveryThreads = 1,
            BootId = "boot",
        });
        var log = _logs.OpenLog(new TopicPartition("orders", 0), Topic, LogConfig.Default);
        _partition = new Partition(new BrokerId(1), log, State(-1, [1, 2, 3], []) with { LeaderEpoch = LeaderEpoch.None }, isInternal: false, new NoFlushes())
        {
            CaughtUp = _caughtUp.Add,
        };
        _partition.Configure(LogConfig.Default, minInSyncReplicas: 2, allowsUncleanElection: false);
    }

    private Leadership Leading => _partition.Leadership!;

    public void Dispose() => _logs.Dispose();

    [Fact]
    public void The_high_watermark_is_the_least_log_end_of_the_ISR()
    {
        Lead([1, 2, 3]);
        Append(records: 10);

        Fetch(2, 10);
        Assert.Equal(0, _partition.HighWatermark);
        Fetch(3, 4);
        Assert.Equal(4, _partition.HighWatermark);
        Fetch(3, 10);
        Assert.Equal(10, _partition.HighWatermark);
    }

    [Fact]
    public void A_follower_whose_log_has_failed_is_not_in_step_though_nothing_is_appended()
    {
        Lead([1, 2, 3]);
        Append(records: 10);
        Fetch(2, 10);
        Fetch(3, 10);
        Assert.Empty(Leading.Lagging(Alive(1, 2, 3), caughtUpSince: 100));

        Assert.False(Leading.NoteFailed(new BrokerId(3), brokerEpoch: 0));
        Assert.True(Leading.NoteFailed(new BrokerId(3), brokerEpoch: 1));

        Assert.Equal([3], Ids(Leading.Lagging(Alive(1, 2, 3), caughtUpSince: -1)));
        Assert.Empty(Leading.Candidates(Alive(1, 2, 3)));
        Append(records: 1);
        Fetch(2, 11);
        Assert.Equal(10, _partition.HighWatermark);
        Fetch(3, 11, brokerEpoch: 2);
        Assert.Empty(Leading.Lagging(Alive(1, 2, 3), caughtUpSince: -1));
    }

    [Fact]
    public void A_follower_outside_the_ISR_holds_up_nothing()
    {
        Lead([1, 2]);
        Append(records: 10);

        Fetch(2, 5);
        Fetch(3, 1);
        Fetch(2, 10);

        Assert.Equal(10, _partition.HighWatermark);
    }

    [Fact]
    public async Task An_append_with_acks_all_is_acknowledged_when_the_whole_ISR_has_it()
    {
        Lead([1, 2, 3]);
        var committed = _partition.Committed(Append(records: 1), acks: -1).AsTask();

        Fetch(2, 1);
        Assert.False(committed.IsCompleted);
        Fetch(3, 1);

        Assert.Equal(ErrorCode.None, await committed);
        Assert.Equal(ErrorCode.None, await _partition.Committed(Append(records: 1), acks: 1));
    }

    [Fact]
    public void A_small_ISR_refuses_acks_all_and_holds_the_high_watermark()
    {
        Lead([1]);

        Assert.Equal(ErrorCode.NotEnoughReplicas, Append(records: 1, acks: -1).Error);
        Assert.Equal(ErrorCode.None, Append(records: 1, acks: 1).Error);
        Assert.Equal(0, _partition.HighWatermark);
    }

    [Fact]
    public async Task An_ISR_that_becomes_too_small_is_told_to_those_who_wait()
    {
        Lead([1, 2]);
        var committed = _partition.Committed(Append(records: 1), acks: -1).AsTask();

        _partition.Update(State(1, [1, 2, 3], [1]) with { PartitionEpoch = 1 }, timestamp: 0);

        Assert.Equal(ErrorCode.NotEnoughReplicasAfterAppend, await committed);
        Assert.Equal(0, _partition.HighWatermark);
    }

    [Fact]
    public void A_lowered_minimum_commits_nothing_before_nobody_else_is_eligible()
    {
        var small = State(1, [1, 2, 3], [1], eligible: [2]);
        _partition.Lead(small, timestamp: 0);
        Append(records: 1);

        _partition.Configure(LogConfig.Default, minInSyncReplicas: 1, allowsUncleanElection: false);
        Assert.Equal(0, _partition.HighWatermark);
        Assert.True(Leading.IsChangeDue(Alive(2), caughtUpSince: 0));

        _partition.Update(IsrChange.Of(small, [], [], Alive(2), minInSyncReplicas: 1)!, timestamp: 0);
        Assert.Empty(_partition.State.Eligible);
        Assert.Equal(1, _partition.HighWatermark);
    }

    [Fact]
    public void While_a_shrink_is_written_the_member_that_leaves_still_counts()
    {
        Lead([1, 2, 3]);
        Append(records: 5);
        Fetch(2, 5);

        Assert.True(Leading.TryPropose([Member(1), Member(2)]));
        Fetch(2, 5);
        Assert.Equal(0, _partition.HighWatermark);

        _partition.Update(State(1, [1, 2, 3], [1, 2]) with { PartitionEpoch = 1 }, timestamp: 0);
        Assert.Equal(5, _partition.HighWatermark);
    }

    [Fact]
    public void While_an_expansion_is_written_the_member_that_enters_counts_already()
    {
        Lead([1, 2]);
        Append(records: 5);
        Fetch(3, 0);

        Assert.True(Leading.TryPropose([Member(1), Member(2), Member(3)]));
        Fetch(2, 5);

        Assert.Equal(0, _partition.HighWatermark);
    }

    [Fact]
    public void A_candidate_that_the_high_watermark_has_passed_since_does_not_enter()
    {
        Lead([1, 2]);
        Fetch(2, 0);
        Fetch(3, 0);
        var candidate = Assert.Single(Leading.Candidates(Alive(2, 3)));
        _partition.EndEntering();
        Append(records: 5);
        Fetch(2, 5);

        Assert.False(Leading.TryPropose([Member(1), Member(2), candidate]));
        Append(records: 1);
        Fetch(2, 6);

        Assert.Equal(6, _partition.HighWatermark);
        Fetch(3, 6);
        Assert.True(Leading.TryPropose([Member(1), Member(2), candidate]));
    }

    [Fact]
    public void Who_has_all_that_is_committed_may_enter_in_the_life_that_fetches()
    {
        Lead([1, 2]);
        Append(records: 5);
        Fetch(2, 5);
        Fetch(3, 4);
        Assert.Empty(_caughtUp);

        Fetch(3, 5, brokerEpoch: 7);

        Assert.Same(_partition, Assert.Single(_caughtUp));
        Assert.Equal([Member(3, epoch: 7)], Leading.Candidates(View(Broker(2), Broker(3, epoch: 7))));
        Assert.Empty(Leading.Candidates(View(Broker(2), Broker(3, epoch: 8))));
        Assert.Empty(Leading.Candidates(View(Broker(2), Broker(3, epoch: 7, isDraining: true))));
    }

    [Fact]
    public void Nothing_is_committed_past_who_is_about_to_enter_until_that_is_decided()
    {
        _partition.Configure(LogConfig.Default, minInSyncReplicas: 1, allowsUncleanElection: false);
        Lead([1]);
        Append(records: 5);
        Fetch(2, 5);

        Append(records: 5);
        Assert.Equal(5, _partition.HighWatermark);
        Assert.True(Leading.TryPropose([Member(1), Member(2)]));

        Lead([1], epoch: 1);
        Fetch(2, 10);
        Append(records: 5);
        _partition.EndEntering();
        Assert.Equal(15, _partition.HighWatermark);
        Assert.False(Leading.TryPropose([Member(1), Member(2)]));
    }

    [Fact]
    public void Nobody_enters_who_is_not_past_the_start_of_the_epoch()
    {
        Lead([1, 2, 3]);
        Append(records: 5);
        Lead([1, 2], epoch: 1);

        Fetch(3, 4);
        Assert.Empty(Leading.Candidates(Alive(2, 3)));
        Fetch(3, 5);
        Assert.Equal([3], Ids(Leading.Candidates(Alive(2, 3))));
    }

    [Fact]
    public void A_member_lags_when_it_was_not_caught_up_for_too_long_or_does_not_live()
    {
        Lead([1, 2, 3]);
        Append(records: 5);
        Fetch(2, 5, timestamp: 100);
        Append(records: 5);
        Fetch(2, 5, timestamp: 200);
        Fetch(3, 10, timestamp: 200);

        Assert.Empty(Leading.Lagging(Alive(2, 3), caughtUpSince: 100));
        Assert.Equal([2], Ids(Leading.Lagging(Alive(2, 3), caughtUpSince: 150)));
        Assert.Equal([2, 3], Ids(Leading.Lagging(Alive(1), caughtUpSince: 0)));
        Assert.Equal([3], Ids(Leading.Lagging(View(Broker(2), Broker(3, epoch: 2, dataEpoch: 2)), caughtUpSince: 0)));
    }

    [Fact]
    public void Who_fetches_what_was_the_end_at_its_last_fetch_was_caught_up_then()
    {
        Lead([1, 2]);
        Append(records: 5);
        Fetch(2, 0, timestamp: 100);
        Append(records: 5);
        Fetch(2, 5, timestamp: 200);

        Assert.Equal(100, Leading.CaughtUpTimestampOf(new BrokerId(2)));
    }

    [Fact]
    public async Task The_end_of_a_leadership_refuses_those_who_wait_and_fences_what_is_late()
    {
        Lead([1, 2]);
        var append = Append(records: 1);
        var committed = _partition.Committed(append, acks: -1).AsTask();
        var ended = Leading;

        _partition.Follow(State(2, [1, 2, 3], [2], epoch: 1));
        ended.NoteFetched(new BrokerId(2), 1, 1, 0, out _);

        Assert.Equal(ErrorCode.NotLeaderOrFollower, await committed);
        Assert.Equal(0, _partition.HighWatermark);
        Assert.Equal(ErrorCode.NotLeaderOrFollower, Append(records: 1).Error);
        Assert.Equal(ErrorCode.NotLeaderOrFollower, _partition.AppendReplicated(Batch(1), new LeaderEpoch(0), NowMs).Error);
        Assert.False(_partition.Log.TryTruncateTo(0, new LeaderEpoch(0)));
        Assert.True(_partition.Log.TryTruncateTo(0, new LeaderEpoch(1)));
        Assert.Equal(0, _partition.Log.LogEndOffset);
    }

    [Fact]
    public void The_low_watermark_is_the_least_log_start_of_the_replicas_that_live()
    {
        Lead([1, 2]);
        Append(records: 1);
        Append(records: 1);
        Fetch(2, 2);
        Assert.Equal(ErrorCode.None, _partition.Log.DeleteRecordsBefore(2));
        Assert.True(Leading.NoteLogStart(new BrokerId(2), 2));
        Assert.False(Leading.NoteLogStart(new BrokerId(2), 2));

        Assert.Equal(0, Leading.LowWatermark(Alive(1, 2, 3)));
        Assert.Equal(2, Leading.LowWatermark(Alive(1, 2)));
        Leading.NoteLogStart(new BrokerId(3), 1);
        Assert.Equal(1, Leading.LowWatermark(Alive(1, 2, 3)));
    }

    [Fact]
    public void Whoever_has_waited_long_enough_for_a_commit_is_forgotten()
    {
        Lead([1, 2]);
        var (first, second) = (new CountingWaiter(), new CountingWaiter());
        Assert.Null(_partition.AwaitCommit(Append(records: 1, acks: -1), acks: -1, first));
        Assert.Null(_partition.AwaitCommit(Append(records: 1, acks: -1), acks: -1, second));

        first.Forget();
        Assert.Null(first.WaitsIn);
        Fetch(2, 2);

        Assert.Equal((0, 1), (first.Told, second.Told));
        Assert.Null(second.WaitsIn);
        second.Forget();
    }

    [Fact]
    public void A_new_leader_does_not_tell_its_end_before_all_that_was_exposed_is_known()
    {
        Lead([1, 2]);
        Append(records: 3);
        Lead([1, 2], epoch: 1);

        Assert.False(_partition.IsHighWatermarkKnown);
        Fetch(2, 2);
        Assert.False(_partition.IsHighWatermarkKnown);
        Fetch(2, 3);
        Assert.True(_partition.IsHighWatermarkKnown);
    }

    [Fact]
    public void A_machine_appends_in_the_epoch_it_was_loaded_in_and_where_its_log_ended_or_not_at_all()
    {
        Lead([1, 2]);
        var epoch = _partition.LeaderEpoch;

        Assert.Equal(ErrorCode.None, _partition.Append(Batch(2), epoch, endOffset: 0, NowMs, acks: -1).Error);
        Assert.Equal(ErrorCode.NotLeaderOrFollower, _partition.Append(Batch(1), epoch, endOffset: 0, NowMs, acks: -1).Error);
        Lead([1, 2], epoch: 1);
        Assert.Equal(ErrorCode.NotLeaderOrFollower, _partition.Append(Batch(1), epoch, endOffset: 2, NowMs, acks: -1).Error);
        Assert.Equal(ErrorCode.None, _partition.Append(Batch(1), _partition.LeaderEpoch, endOffset: 2, NowMs, acks: -1).Error);
        Assert.Equal(3, _partition.Log.LogEndOffset);
    }

    [Fact]
    public async Task An_append_is_not_taken_for_committed_under_a_later_leadership()
    {
        Lead([1, 2]);
        var append = Append(records: 1, acks: -1);
        _partition.Follow(State(2, [1, 2, 3], [2], epoch: 1));
        Assert.True(_partition.Log.TryTruncateTo(0, new LeaderEpoch(1)));
        Lead([1], epoch: 2);
        Append(records: 1);

        Assert.Equal(ErrorCode.NotLeaderOrFollower, await _partition.Committed(append, acks: -1));
    }

    private static byte[] Batch(int records)
    {
        using var builder = new RecordBatchBuilder(CompressionCodec.None);
        for (var i = 0; i < records; i++)
        {
            builder.Append(NowMs, null, new byte[10]);
        }

        return builder.Build().ToArray();
    }

    private void Lead(int[] isr, int epoch = 0) => _partition.Lead(State(1, [1, 2, 3], isr, epoch), timestamp: 0);

    private AppendResult Append(int records, short acks = 1) => _partition.Append(Batch(records), AppendOrigin.Client, NowMs, acks);

    private void Fetch(int follower, long offset, long timestamp = 0, long brokerEpoch = 1) =>
        _partition.NoteFetched(new BrokerId(follower), brokerEpoch, offset, timestamp);

    private sealed class CountingWaiter : CommitWaiter
    {
        public int Told { get; private set; }

        protected internal override void OnDecided(ErrorCode result, bool mayGoOnHere) => Told++;
    }

    private sealed class NoFlushes : IFlushQueue
    {
        public ValueTask<ErrorCode> FlushedAsync(Partition partition, long lastOffset, long withinMs) => new(ErrorCode.None);
    }
}
