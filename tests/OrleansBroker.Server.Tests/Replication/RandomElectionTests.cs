using System.Text;
using OrleansBroker.Protocol;
using OrleansBroker.Storage;

namespace OrleansBroker.Server.Tests.Replication;

/// <summary>
/// Leaders change at random while records are appended, connections break, and brokers hear late of it. The ISR is always all, so
/// that any broker may lead: whatever is acknowledged has to be in every log in the end, and all logs are to be the same.
/// </summary>
public sealed class RandomElectionTests
{
    private const string Topic = "t";
    private const int Steps = 150;

    [Fact]
    public async Task What_is_acknowledged_stays_whoever_leads()
    {
        var seed = Random.Shared.Next();
        var random = new Random(seed);
        await using var cluster = new ReplicaCluster(3, null, "replica.fetch.backoff.ms=20");
        cluster.Create(Topic, minInSyncReplicas: 3, config: new LogConfig { SegmentBytes = 2_000 });
        var leader = 0;
        var waiting = new List<(string Value, Task<ErrorCode> Committed)>();
        for (var step = 0; step < Steps; step++)
        {
            if (random.Next(6) == 0)
            {
                leader = random.Next(3);
                cluster.Elect(Topic, leader, heardBy: random.Next(2) == 0 ? null : [leader, random.Next(3)]);
            }

            if (random.Next(10) == 0)
            {
                cluster.Connectors[random.Next(3)].Break();
            }

            // Whoever takes itself for the leader appends.
            var broker = cluster.Brokers[random.Next(3) == 0 ? random.Next(3) : leader];
            var value = $"<{step}>";
            var appended = broker[Topic].Append(Batches.Of(value), AppendOrigin.Client, broker.Services.NowMs, acks: -1);
            if (appended.Error == ErrorCode.None)
            {
                waiting.Add((value, broker[Topic].Committed(appended, acks: -1).AsTask()));
                broker[Topic].NotifyAppended();
            }

            if (random.Next(4) == 0)
            {
                await Task.WhenAny(Task.WhenAll(waiting.Select(each => each.Committed)), Task.Delay(2));
            }
        }

        cluster.Elect(Topic, leader);
        cluster.Brokers[leader].Append(Topic, "<last>");
        await cluster.ConvergedAsync(Topic, cluster.Brokers[leader][Topic].Log.LogEndOffset);

        var log = Encoding.UTF8.GetString(cluster.Brokers[leader].BytesOf(Topic));
        var acknowledged = waiting.Where(each => each.Committed is { IsCompletedSuccessfully: true, Result: ErrorCode.None }).Select(each => each.Value).ToArray();
        Assert.True(acknowledged.Length > 0, $"nothing was acknowledged, seed {seed}");
        Assert.All(acknowledged, value => Assert.True(log.Contains(value, StringComparison.Ordinal), $"{value} is lost, seed {seed}"));
    }
}
