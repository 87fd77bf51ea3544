using System.Runtime.InteropServices;
using OrleansBroker.Core.Partitions;
using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Messages;
using OrleansBroker.Storage;

namespace OrleansBroker.Server.Tests.Replication;

/// <summary>Followers fetch from leaders through the real handlers, without sockets.</summary>
public sealed class ReplicationTests
{
    [Fact]
    public async Task Records_and_the_high_watermark_reach_every_follower()
    {
        await using var cluster = new ReplicaCluster(3);
        cluster.Create("t");
        for (var i = 0; i < 20; i++)
        {
            cluster.Brokers[0].Append("t", $"{i}a", $"{i}b");
        }

        await cluster.ConvergedAsync("t", 40);
    }

    [Fact]
    public async Task An_append_with_acks_all_waits_for_the_followers_and_no_longer()
    {
        await using var cluster = new ReplicaCluster(3, null, "replica.fetch.wait.max.ms=600000");
        cluster.Create("t", minInSyncReplicas: 3);
        var leader = cluster.Brokers[0]["t"];

        for (var i = 0; i < 10; i++)
        {
            var appended = cluster.Brokers[0].Append("t", $"{i}");
            var error = await leader.Committed(appended, acks: -1).AsTask().WaitAsync(TimeSpan.FromSeconds(30));
            Assert.Equal((ErrorCode.None, i + 1L), (error, leader.HighWatermark));
            Assert.All(cluster.Brokers, broker => Assert.Equal(i + 1, broker["t"].Log.LogEndOffset));
        }
    }

    [Fact]
    public async Task A_session_names_all_partitions_once_and_then_only_what_changed()
    {
        await using var cluster = new ReplicaCluster(2);
        string[] topics = [.. Enumerable.Range(0, 30).Select(i => $"t{i}")];
        Array.ForEach(topics, topic => cluster.Create(topic));
        foreach (var topic in topics)
        {
            cluster.Brokers[0].Append(topic, "first");
            await cluster.ConvergedAsync(topic, 1);
        }

        var before = cluster.Connectors[1].Sent.Count;
        for (var i = 0; i < 20; i++)
        {
            cluster.Brokers[0].Append("t7", $"{i}");
            await cluster.ConvergedAsync("t7", i + 2);
        }

        var fetches = cluster.Connectors[1].Sent.OfType<FetchRequest>().ToArray();
        Assert.Single(fetches, fetch => fetch.SessionEpoch == FetchRequest.InitialEpoch);
        Assert.All(fetches[before..], fetch => Assert.True(fetch.Topics.Length <= 1));
    }

    [Fact]
    public async Task A_partition_that_joins_does_not_wait_for_the_long_poll_of_the_others()
    {
        await using var cluster = new ReplicaCluster(2, null, "replica.fetch.wait.max.ms=600000");
        cluster.Create("first");
        cluster.Brokers[0].Append("first", "a");
        await Until.TrueAsync(() => cluster.Brokers[0]["first"].HighWatermark == 1, () => "not replicated");

        cluster.Create("second");
        cluster.Brokers[0].Append("second", "b");
        await Until.TrueAsync(() => cluster.Brokers[0]["second"].HighWatermark == 1, () => "the long poll went on");

        var sessions = cluster.Connectors[1].Sent.OfType<FetchRequest>().Count(fetch => fetch.SessionEpoch == FetchRequest.InitialEpoch);
        Assert.Equal(1, sessions);
    }

    [Fact]
    public async Task A_partition_that_was_left_is_no_longer_copied()
    {
        await using var cluster = new ReplicaCluster(2);
        cluster.Create("left");
        cluster.Create("kept");
        cluster.Brokers[0].Append("left", "a");
        await cluster.ConvergedAsync("left", 1);

        cluster.Brokers[1].Fetchers.Leave(cluster.Brokers[1]["left"]);
        cluster.Brokers[0].Append("left", "b");
        cluster.Brokers[0].Append("kept", "c");
        await cluster.ConvergedAsync("kept", 1);
        Assert.Equal(1, cluster.Brokers[1]["left"].Log.LogEndOffset);
    }

    [Fact]
    public async Task A_lost_connection_is_made_again_and_the_copy_goes_on()
    {
        await using var cluster = new ReplicaCluster(2);
        cluster.Create("t");
        for (var i = 0; i < 5; i++)
        {
            cluster.Connectors[1].Break();
            cluster.Brokers[0].Append("t", $"{i}");
            await cluster.ConvergedAsync("t", i + 1);
        }
    }

    [Fact]
    public async Task A_damaged_batch_is_not_appended_and_is_fetched_again()
    {
        await using var cluster = new ReplicaCluster(2);
        var damaged = 0;
        cluster.Connectors[1].Delivering = response =>
        {
            foreach (var data in response.Responses.SelectMany(topic => topic.Partitions).Where(data => data.Records.Length > 0))
            {
                if (damaged++ < 2)
                {
                    MemoryMarshal.AsMemory(data.Records.Memory).Span[^1] ^= 1;
                }
            }

            return Task.CompletedTask;
        };
        cluster.Create("bad");
        cluster.Brokers[0].Append("bad", "a");
        await cluster.ConvergedAsync("bad", 1);
        Assert.True(damaged >= 3);
        Assert.Equal(2, cluster.Brokers[1].Log.Lines.Count(line => line.EventId == 3233));
    }

    [Fact]
    public async Task A_leader_that_does_not_know_the_partition_yet_is_asked_again()
    {
        await using var cluster = new ReplicaCluster(2);
        cluster.Create("other");
        var id = cluster.Create("t");
        cluster.Brokers[0].Table.Remove("t", id);
        cluster.Brokers[0].Append("other", "a");
        await cluster.ConvergedAsync("other", 1);

        cluster.Brokers[0].Table.Set("t", id, [cluster.Brokers[0]["t"]]);
        cluster.Brokers[0].Append("t", "b");
        await cluster.ConvergedAsync("t", 1);
    }

    [Fact]
    public async Task More_than_a_segment_holds_is_copied_into_segments()
    {
        await using var cluster = new ReplicaCluster(2);
        cluster.Create("t", config: new LogConfig { SegmentBytes = 4_000 });
        var held = new TaskCompletionSource();
        cluster.Connectors[1].Delivering = _ => held.Task;
        for (var i = 0; i < 20; i++)
        {
            cluster.Brokers[0].Append("t", new string('x', 1_000));
        }

        held.SetResult();
        await cluster.ConvergedAsync("t", 20);
        Assert.Equal(cluster.Brokers[0]["t"].Log.SegmentCount, cluster.Brokers[1]["t"].Log.SegmentCount);
    }

    [Fact]
    public async Task A_follower_flushes_before_its_leader_hears_of_it_and_holds_up_nobody_else()
    {
        await using var cluster = new ReplicaCluster(2);
        cluster.Brokers[1].Flushes.IsHeld = true;
        cluster.Create("flushed", config: new LogConfig { FlushMessages = 1 });
        cluster.Create("other");
        cluster.Brokers[0].Append("flushed", "a");
        await Until.TrueAsync(() => cluster.Brokers[1].Flushes.Asked > 0, () => "no flush was asked for");

        cluster.Brokers[0].Append("other", "b");
        await cluster.ConvergedAsync("other", 1);
        Assert.Equal(1, cluster.Brokers[1]["flushed"].Log.LogEndOffset);
        Assert.Equal(0, cluster.Brokers[0]["flushed"].HighWatermark);

        cluster.Brokers[1].Flushes.Release();
        await cluster.ConvergedAsync("flushed", 1);
    }

    [Fact]
    public async Task A_response_that_comes_after_a_new_role_changes_nothing()
    {
        await using var cluster = new ReplicaCluster(2);
        cluster.Create("t");
        var delivered = new TaskCompletionSource();
        var arrived = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        cluster.Connectors[1].Delivering = response =>
        {
            if (response.Responses.Any(topic => topic.Partitions.Any(data => data.Records.Length > 0)))
            {
                arrived.TrySetResult();
                return delivered.Task;
            }

            return Task.CompletedTask;
        };
        cluster.Brokers[0].Append("t", "late");
        await arrived.Task.WaitAsync(TimeSpan.FromSeconds(30));

        // It follows the next leader, which is gone too; the old leader's records are still on their way.
        var follower = cluster.Brokers[1]["t"];
        cluster.Elect("t", 0, heardBy: [1]);
        delivered.SetResult();
        cluster.Create("other");
        cluster.Brokers[0].Append("other", "a");
        await cluster.ConvergedAsync("other", 1);

        Assert.Equal((0, 0), (follower.Log.LogEndOffset, follower.HighWatermark));
        Assert.False(follower.AdvanceAsFollower(new LeaderEpoch(0), 1));
    }

    [Fact]
    public async Task Consumers_at_a_follower_are_woken_by_its_high_watermark()
    {
        await using var cluster = new ReplicaCluster(2, racks: ["a", "b"], "replica.fetch.wait.max.ms=600000");
        cluster.Create("t");
        var woken = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var listener = new Listening(woken);
        cluster.Brokers[1]["t"].Listen(listener);
        cluster.Brokers[0].Append("t", "a");
        await woken.Task.WaitAsync(TimeSpan.FromSeconds(30));
        Assert.Equal(1, cluster.Brokers[1]["t"].HighWatermark);
    }

    private sealed class Listening(TaskCompletionSource woken) : IAppendListener
    {
        public void OnAppended(Partition partition)
        {
            if (partition.HighWatermark > 0)
            {
                woken.TrySetResult();
            }
        }
    }
}
