using System.Runtime.ExceptionServices;
using OrleansBroker.Core.Configuration;
using OrleansBroker.Core.Metadata;
using OrleansBroker.Core.Partitions;
using OrleansBroker.Core.Ports;
using OrleansBroker.Protocol;
using OrleansBroker.Storage;

namespace OrleansBroker.Embedded;

/// <summary>Keeps the partitions of this broker, the only one, in step with the catalog: opens, closes and reconfigures their logs.</summary>
internal sealed class LocalPartitions(LogDirectory logs, PartitionTable table, MetadataCache metadata, BrokerConfigCache configs, IFlushQueue flushes) : IPartitionHost
{
    private readonly Lock _changes = new();
    private readonly Dictionary<Guid, TopicImage> _missed = [];

    /// <summary>Called after a topic is gone, for those who keep something about it (committed offsets); not waited for.</summary>
    public Func<TopicImage, ValueTask>? Deleted { get; set; }

    /// <summary>At start: opens the partitions of every topic, many at once, and puts the leader epochs that their logs know into the image.</summary>
    public void OpenAll()
    {
        var topics = metadata.Current.Topics.ToArray();
        InParallel(topics.Length, index => table.Set(topics[index].Name, topics[index].Id, Open(topics[index])));
        metadata.Change(image => image.With(topics.Select(WithLeaderEpochs)));
    }

    public void TopicCreated(TopicImage topic) => Serve(topic);

    public void PartitionsAdded(TopicImage topic, int firstPartition) => Serve(topic);

    /// <summary>Opens what could not be opened when the catalog had it made, for want of room on the disk. To be called now and then.</summary>
    public void OpenMissed()
    {
        lock (_changes)
        {
            foreach (var topic in _missed.Values.ToArray())
            {
                try
                {
                    Serve(topic with { Configs = metadata.Current.Find(topic.Id)?.Configs ?? topic.Configs });
                }
                catch (IOException)
                {
                    // Said when it happened first; there may be room the next time.
                }
            }
        }
    }

    public void TopicDeleted(TopicImage topic)
    {
        lock (_changes)
        {
            _missed.Remove(topic.Id);
            foreach (var partition in table.Remove(topic.Name, topic.Id))
            {
                partition.Close();
                logs.DeleteLog(partition.Name);
            }
        }

        _ = Deleted?.Invoke(topic).AsTask();
    }

    public void TopicConfigChanged(TopicImage topic)
    {
        var logConfig = TopicConfigs.ToLogConfig(topic.Configs, configs.Current);
        lock (_changes)
        {
            for (var index = 0; index < topic.Partitions.Length; index++)
            {
                if (table.Find(topic.Id, index) is { } partition)
                {
                    partition.Log.Config = logConfig;
                }
            }
        }
    }

    public void BrokerConfigChanged(BrokerConfig config)
    {
        foreach (var topic in metadata.Current.Topics)
        {
            TopicConfigChanged(topic);
        }
    }

    private TopicImage WithLeaderEpochs(TopicImage topic) => topic with
    {
        Partitions = [.. topic.Partitions.Select((partition, index) => partition with { LeaderEpoch = table.Find(topic.Id, index)!.LeaderEpoch })],
    };

    private void Serve(TopicImage topic)
    {
        lock (_changes)
        {
            _missed[topic.Id] = topic;
            table.Set(topic.Name, topic.Id, Open(topic));
            _missed.Remove(topic.Id);
        }
    }

    /// <summary>All partitions of a topic; those that are served already stay what they are.</summary>
    private Partition[] Open(TopicImage topic)
    {
        var logConfig = TopicConfigs.ToLogConfig(topic.Configs, configs.Current);
        var partitions = new Partition[topic.Partitions.Length];
        InParallel(partitions.Length, index =>
        {
            if (table.Find(topic.Id, index) is { } present)
            {
                partitions[index] = present;
                return;
            }

            var log = logs.OpenLog(new TopicPartition(topic.Name, index), topic.Id, logConfig);
            partitions[index] = new Partition(log, BeginLeadership(log), topic.IsInternal, flushes);
        });
        return partitions;
    }

    /// <summary>The first failure comes out as it is: an <see cref="IOException"/> is what callers know what to do with.</summary>
    private static void InParallel(int count, Action<int> action)
    {
        try
        {
            Parallel.For(0, count, new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount }, action);
        }
        catch (AggregateException e)
        {
            ExceptionDispatchInfo.Throw(e.InnerExceptions[0]);
        }
    }

    /// <summary>The only replica leads: under the log's last epoch after a clean stop, under a new one otherwise (docs/adr/0001).</summary>
    private LeaderEpoch BeginLeadership(PartitionLog log)
    {
        var last = log.Epochs.Latest;
        var epoch = last == LeaderEpoch.None ? new LeaderEpoch(0)
            : logs.WasCleanStop ? last
            : new LeaderEpoch(last.Value + 1);
        if (epoch != last)
        {
            log.BeginLeadership(epoch);
        }

        // Every in-sync replica, which is this one, has all of the log; the checkpoint of the high watermark may be old.
        log.AdvanceHighWatermark(log.LogEndOffset);
        return epoch;
    }
}
