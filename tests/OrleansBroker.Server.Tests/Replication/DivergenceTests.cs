using OrleansBroker.Protocol;
using OrleansBroker.Storage;

namespace OrleansBroker.Server.Tests.Replication;

/// <summary>Logs that went different ways become one again, by leader epochs and without losing what is committed (KIP-101, KIP-279).</summary>
public sealed class DivergenceTests
{
    [Fact]
    public async Task An_old_leader_drops_what_its_successor_never_had()
    {
        await using var cluster = new ReplicaCluster(2);
        cluster.Create("t");
        cluster.Brokers[0].Append("t", "a", "b", "c");
        await cluster.ConvergedAsync("t", 3);

        // Broker 1 takes over; broker 0 does not know yet and goes on.
        cluster.Elect("t", 1, heardBy: [1]);
        cluster.Brokers[0].Append("t", "lost 1", "lost 2");
        cluster.Brokers[0].Append("t", "lost 3");
        cluster.Brokers[1].Append("t", "d");
        cluster.Elect("t", 1);

        await cluster.ConvergedAsync("t", 4);
        Assert.Contains(cluster.Brokers[0].Log.Lines, line => line.EventId == 3230);
    }

    [Fact]
    public async Task What_is_committed_stays_though_the_follower_has_not_heard_that_it_is()
    {
        // KIP-101, scenario 1: a follower that cut its log to its own high watermark would lose the second record, and as the
        // next leader nobody would have it.
        await using var cluster = new ReplicaCluster(2);
        cluster.Create("t");
        cluster.Brokers[0].Append("t", "a");
        await cluster.ConvergedAsync("t", 1);
        var stopped = new TaskCompletionSource();
        cluster.Connectors[1].Delivering = response => response.Responses.Any(topic => topic.Partitions.Any(data => data.HighWatermark == 2))
            ? stopped.Task
            : Task.CompletedTask;
        cluster.Brokers[0].Append("t", "b");
        await Until.TrueAsync(() => cluster.Brokers[0]["t"].HighWatermark == 2, () => "not committed");
        var follower = cluster.Brokers[1]["t"];
        Assert.Equal((1, 2), (follower.HighWatermark, follower.Log.LogEndOffset));

        cluster.Elect("t", 0, heardBy: [1]);
        cluster.Elect("t", 1);
        stopped.SetResult();

        await cluster.ConvergedAsync("t", 2);
        Assert.DoesNotContain(cluster.Brokers[1].Log.Lines, line => line.EventId == 3230);
    }

    [Fact]
    public async Task Logs_with_several_epochs_that_the_other_has_not_find_their_common_beginning()
    {
        // KIP-279: each leads in turn without the other's knowing.
        await using var cluster = new ReplicaCluster(2);
        cluster.Create("t");
        cluster.Brokers[0].Append("t", "a", "b");
        await cluster.ConvergedAsync("t", 2);
        for (var i = 0; i < 3; i++)
        {
            cluster.Elect("t", 1, heardBy: [1]);
            cluster.Brokers[1].Append("t", $"one {i}");
            cluster.Elect("t", 0, heardBy: [0]);
            cluster.Brokers[0].Append("t", $"nought {i}", "more");
        }

        cluster.Elect("t", 1);
        cluster.Brokers[1].Append("t", "last");
        await cluster.ConvergedAsync("t", 6);
    }

    [Fact]
    public async Task A_leadership_without_records_does_not_keep_its_broker_from_following()
    {
        await using var cluster = new ReplicaCluster(2);
        cluster.Create("t");
        cluster.Brokers[0].Append("t", "a");
        await cluster.ConvergedAsync("t", 1);

        cluster.Elect("t", 1, heardBy: [1]);
        cluster.Elect("t", 0);
        cluster.Brokers[0].Append("t", "b");
        await cluster.ConvergedAsync("t", 2);
    }

    [Fact]
    public async Task A_follower_that_lies_before_the_beginning_of_its_leaders_log_starts_anew()
    {
        await using var cluster = new ReplicaCluster(2);
        cluster.Create("t");
        cluster.Brokers[0].Append("t", "a");
        await cluster.ConvergedAsync("t", 1);
        cluster.Brokers[1].Fetchers.Leave(cluster.Brokers[1]["t"]);

        // The follower is out of sync meanwhile, so that the leader commits without it.
        cluster.Elect("t", 0, heardBy: [0], isr: [0]);
        for (var i = 0; i < 5; i++)
        {
            cluster.Brokers[0].Append("t", $"{i}");
        }

        Assert.Equal(ErrorCode.None, cluster.Brokers[0]["t"].Log.DeleteRecordsBefore(4));
        cluster.Elect("t", 0);
        await Until.TrueAsync(() => cluster.Brokers[1]["t"].HighWatermark == 6, () => cluster.Describe(cluster.Brokers[1], "t"));
        Assert.Equal(4, cluster.Brokers[1]["t"].LogStartOffset);
        Assert.Contains(cluster.Brokers[1].Log.Lines, line => line.EventId == 3231);
    }

    [Fact]
    public async Task A_follower_that_was_cut_inside_of_its_leaders_first_batch_takes_the_batch_whole()
    {
        await using var cluster = new ReplicaCluster(2);
        cluster.Create("t", config: new LogConfig { RetentionMs = -1 });
        cluster.Elect("t", 0, heardBy: [0], isr: [0]);
        cluster.Brokers[0].Append("t", "another history");
        cluster.Brokers[0].Append("t", "its end");
        cluster.Elect("t", 1, heardBy: [1], isr: [1]);
        cluster.Brokers[1].Append("t", "x", "y", "z");

        Assert.Equal(ErrorCode.None, cluster.Brokers[1]["t"].Log.DeleteRecordsBefore(1));
        cluster.Elect("t", 1, isr: [0, 1]);

        await cluster.ConvergedAsync("t", 3);
    }

    [Fact]
    public async Task A_follower_without_anything_in_common_starts_anew()
    {
        await using var cluster = new ReplicaCluster(2);
        cluster.Create("t", config: new LogConfig { RetentionMs = -1 });
        cluster.Elect("t", 1, heardBy: [1], isr: [1]);
        for (var i = 0; i < 9; i++)
        {
            cluster.Brokers[1].Append("t", $"unclean {i}");
        }

        Assert.Equal(ErrorCode.None, cluster.Brokers[1]["t"].Log.DeleteRecordsBefore(8));
        cluster.Elect("t", 0, isr: [0, 1]);
        cluster.Brokers[0].Append("t", "a");
        await cluster.ConvergedAsync("t", 1);
    }

    [Fact]
    public async Task A_follower_whose_last_epoch_its_leader_does_not_know_keeps_its_log_and_asks_again_after_a_while()
    {
        // So a leader answers that has not heard of the epoch: the document store has forgotten the leader that wrote in it.
        await using var cluster = new ReplicaCluster(2, settings: "replica.fetch.backoff.ms=60000");
        cluster.Create("t");
        cluster.Brokers[0].Append("t", "a");
        await cluster.ConvergedAsync("t", 1);
        var answers = 0;
        var isDelayed = new TaskCompletionSource();
        cluster.Connectors[1].Delivering = response =>
        {
            foreach (var topic in response.Responses)
            {
                foreach (ref var data in topic.Partitions.AsSpan())
                {
                    data.ErrorCode = ErrorCode.OffsetOutOfRange;
                    if (++answers == 4)
                    {
                        isDelayed.SetResult();
                    }
                }
            }

            return Task.CompletedTask;
        };
        var started = TimeProvider.System.GetTimestamp();
        cluster.Brokers[0].Append("t", "b");
        await isDelayed.Task.WaitAsync(TimeSpan.FromSeconds(60));

        // 20, 40 and 80 ms lie between four answers.
        Assert.True(TimeProvider.System.GetElapsedTime(started) >= TimeSpan.FromMilliseconds(140));
        Assert.Equal(1, cluster.Brokers[1]["t"].Log.LogEndOffset);
        cluster.Connectors[1].Delivering = null;
        await cluster.ConvergedAsync("t", 2);
    }

    [Fact]
    public async Task The_beginning_of_the_leaders_log_becomes_that_of_its_followers()
    {
        await using var cluster = new ReplicaCluster(2);
        cluster.Create("t");
        cluster.Brokers[0].Append("t", "a");
        cluster.Brokers[0].Append("t", "b");
        await cluster.ConvergedAsync("t", 2);

        Assert.Equal(ErrorCode.None, cluster.Brokers[0]["t"].Log.DeleteRecordsBefore(1));
        await Until.TrueAsync(() => cluster.Brokers[1]["t"].LogStartOffset == 1, () => cluster.Describe(cluster.Brokers[1], "t"));
    }
}
