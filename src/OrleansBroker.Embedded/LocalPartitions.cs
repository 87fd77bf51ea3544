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
    /// <summary>Called after a topic is gone, for those who keep something about it (committed offsets); not waited for.</summary>
    public Func<TopicImage, ValueTask>? Deleted { get; set; }

    /// <summary>At start: opens the partitions of every topic, many at once, and puts the leader epochs that their logs know into the image.</summary>
    public void OpenAll()
    {
        var topics = metadata.Current.Topics.ToArray();
        Parallel.ForEach(topics, TopicCreated);
        metadata.Change(image => image.With(topics.Select(WithLeaderEpochs)));
    }

    public void TopicCreated(TopicImage topic) => table.Set(topic.Name, topic.Id, Open(topic, 0, topic.Partitions.Length));

    public void PartitionsAdded(TopicImage topic, int firstPartition)
    {
        var present = Enumerable.Range(0, firstPartition).Select(index => table.Find(topic.Id, index)!);
        table.Set(topic.Name, topic.Id, [.. present, .. Open(topic, firstPartition, topic.Partitions.Length)]);
    }

    public void TopicDeleted(TopicImage topic)
    {
        foreach (var partition in table.Remove(topic.Name, topic.Id))
        {
            partition.Close();
            logs.DeleteLog(partition.Name);
        }

        _ = Deleted?.Invoke(topic).AsTask();
    }

    public void TopicConfigChanged(TopicImage topic)
    {
        var logConfig = TopicConfigs.ToLogConfig(topic.Configs, configs.Current);
        for (var index = 0; index < topic.Partitions.Length; index++)
        {
            if (table.Find(topic.Id, index) is { } partition)
            {
                partition.Log.Config = logConfig;
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

    private Partition[] Open(TopicImage topic, int first, int end)
    {
        var logConfig = TopicConfigs.ToLogConfig(topic.Configs, configs.Current);
        var partitions = new Partition[end - first];
        Parallel.For(first, end, new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount }, index =>
        {
            var log = logs.OpenLog(new TopicPartition(topic.Name, index), topic.Id, logConfig);
            partitions[index - first] = new Partition(log, BeginLeadership(log), topic.IsInternal, flushes);
        });
        return partitions;
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
