using OrleansBroker.Core.Partitions;
using OrleansBroker.Protocol;
using OrleansBroker.Simulation;
using OrleansBroker.Simulator.Brokers;
using OrleansBroker.Simulator.Engine;

namespace OrleansBroker.Simulator.Invariants;

/// <summary>
/// Looks into every broker now and then: one leader per epoch, high watermarks that do not go back, leaders that have all that is
/// committed, and replicas that agree byte for byte below their high watermarks.
/// </summary>
internal sealed class ReplicaObserver(SimulatedCluster cluster, Func<string, bool> isDurable)
{
    private const int ReadBytes = 1 << 16;

    private readonly Dictionary<TopicPartition, CommittedLog> _committed = [];
    private readonly Dictionary<(TopicPartition Partition, int Epoch), string> _leaders = [];
    private readonly Dictionary<(TopicPartition Partition, string Broker), Seen> _seen = [];

    public bool IsOver { get; set; }

    public void Begin(TimeSpan interval) => cluster.World.After(interval, () =>
    {
        if (!IsOver)
        {
            Look();
            Begin(interval);
        }
    });

    public void Look()
    {
        foreach (var broker in cluster.Brokers)
        {
            if (broker.Host is not { } host)
            {
                continue;
            }

            foreach (var partition in host.Services.Partitions.All.OrderBy(partition => partition.Name.ToString(), StringComparer.Ordinal))
            {
                Look(partition, broker.Process.Name);
            }
        }
    }

    /// <summary>Looks at every byte again, from the beginning.</summary>
    public void LookAtAll()
    {
        foreach (var seen in _seen.Values)
        {
            seen.Checked = 0;
        }

        Look();
    }

    /// <summary>Whether all replicas of a partition are the same up to their ends.</summary>
    public string? DifferenceIn(TopicPartition name)
    {
        var replicas = cluster.Brokers
            .Select(broker => (broker.Id, Partition: broker.Host?.Services.Partitions.All.FirstOrDefault(partition => partition.Name == name)))
            .Where(replica => replica.Partition is not null)
            .ToArray();
        if (replicas.Length == 0)
        {
            return null;
        }

        var first = replicas[0];
        var other = replicas.FirstOrDefault(replica => replica.Partition!.Log.LogEndOffset != first.Partition!.Log.LogEndOffset || replica.Partition.HighWatermark != first.Partition.HighWatermark);
        return other.Partition is null
            ? null
            : $"broker {first.Id} has {first.Partition!.HighWatermark} of {first.Partition.Log.LogEndOffset} in {name}, broker {other.Id} {other.Partition.HighWatermark} of {other.Partition.Log.LogEndOffset}";
    }

    private void Look(Partition partition, string broker)
    {
        var name = partition.Name;
        if (!_committed.TryGetValue(name, out var committed))
        {
            _committed[name] = committed = new CommittedLog(name);
        }

        if (!_seen.TryGetValue((name, broker), out var seen))
        {
            _seen[(name, broker)] = seen = new Seen();
        }

        CheckRole(partition, broker, committed, seen);
        if (!partition.Log.IsFailed && isDurable(name.Topic))
        {
            CheckBytes(partition, broker, committed, seen);
        }
    }

    /// <param name="committed">Of a topic whose committed records survive.</param>
    private void CheckRole(Partition partition, string broker, CommittedLog committed, Seen seen)
    {
        if (!partition.IsLeader)
        {
            return;
        }

        // A sole replica goes on under its epoch after a clean stop (docs/adr/0001).
        var epoch = partition.LeaderEpoch.Value;
        if (partition.State.Replicas.Length > 1 && !_leaders.TryAdd((partition.Name, epoch), broker) && _leaders[(partition.Name, epoch)] != broker)
        {
            throw new SimulationFailure("two leaders", $"{partition.Name} is led by {broker} and was led by {_leaders[(partition.Name, epoch)]} in epoch {epoch}");
        }

        var highWatermark = partition.HighWatermark;
        if (seen.Epoch == epoch && highWatermark < seen.HighWatermark)
        {
            throw new SimulationFailure("high watermark goes back", $"{broker} leads {partition.Name} in epoch {epoch}: {seen.HighWatermark}, then {highWatermark}");
        }

        (seen.Epoch, seen.HighWatermark) = (epoch, highWatermark);
        if (isDurable(partition.Name.Topic))
        {
            committed.Expose(epoch, highWatermark, broker);
            committed.CheckLeader(epoch, partition.Log.LogEndOffset, broker);
        }
    }

    private static void CheckBytes(Partition partition, string broker, CommittedLog committed, Seen seen)
    {
        // What is truncated below what was checked is checked again.
        seen.Checked = Math.Max(Math.Min(seen.Checked, partition.Log.LogEndOffset), partition.LogStartOffset);
        try
        {
            while (seen.Checked < partition.HighWatermark)
            {
                var read = partition.Read(seen.Checked, ReadBytes, atLeastOneBatch: true);
                if (read.Error != ErrorCode.None || read.Records.Length == 0)
                {
                    return;
                }

                var bytes = new byte[read.Records.Length];
                read.Records.CopyTo(bytes);
                seen.Checked = committed.Check(bytes, broker);
            }
        }
        catch (Exception e) when (e is IOException or SimulatedCrashException or ObjectDisposedException)
        {
            // The disk fails as planned, or the broker is about to end.
        }
    }

    private sealed class Seen
    {
        public int Epoch { get; set; } = -1;

        public long HighWatermark { get; set; }

        public long Checked { get; set; }
    }
}
