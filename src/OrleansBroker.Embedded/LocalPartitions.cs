// Opens many logs at a time, at start.
#pragma warning disable RS0030

using System.Runtime.ExceptionServices;
using Microsoft.Extensions.Logging;
using OrleansBroker.Core.Configuration;
using OrleansBroker.Core.Metadata;
using OrleansBroker.Core.Partitions;
using OrleansBroker.Core.Ports;
using OrleansBroker.Core.Replication;
using OrleansBroker.Protocol;
using OrleansBroker.Storage;

namespace OrleansBroker.Embedded;

/// <summary>
/// Keeps the partitions of this broker, the only one, in step with the catalog: opens, closes and reconfigures their logs. A
/// partition whose log cannot be opened is offline; the others serve.
/// </summary>
internal sealed class LocalPartitions(
    LogDirectory logs, PartitionTable table, MetadataCache metadata, BrokerConfigCache configs, IFlushQueue flushes, ILogger logger) : IPartitionHost
{
    private readonly Lock _changes = new();
    private readonly Dictionary<Guid, TopicImage> _missed = [];

    /// <summary>Called after a topic is gone, for those who keep something about it (committed offsets); not waited for.</summary>
    public Func<TopicImage, ValueTask>? Deleted { get; set; }

    /// <summary>At start: opens the partitions of every topic, many at once, and puts the leader epochs that their logs know into the image.</summary>
    public void OpenAll()
    {
        var topics = metadata.Current.Topics.ToArray();
        Parallel.ForEach(topics, topic =>
        {
            if (Open(topic, isNew: false) is { } failure)
            {
                EmbeddedLog.Offline(logger, topic.Name, failure.Message);
            }
        });
        metadata.Change(image => image.With(topics.Select(WithLeaderEpochs)));
        logs.MarkRunning();
        WarnOfStrayLogs();
    }

    public ValueTask TopicCreatedAsync(TopicImage topic)
    {
        Serve(topic);
        return ValueTask.CompletedTask;
    }

    public ValueTask PartitionsAddedAsync(TopicImage topic, int firstPartition)
    {
        Serve(topic);
        return ValueTask.CompletedTask;
    }

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

    public ValueTask TopicDeletedAsync(TopicImage topic)
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
        return ValueTask.CompletedTask;
    }

    public ValueTask TopicConfigChangedAsync(TopicImage topic)
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

        return ValueTask.CompletedTask;
    }

    public async ValueTask BrokerConfigChangedAsync(BrokerConfig config)
    {
        foreach (var topic in metadata.Current.Topics)
        {
            await TopicConfigChangedAsync(topic);
        }
    }

    private TopicImage WithLeaderEpochs(TopicImage topic) => topic with
    {
        Partitions = [.. topic.Partitions.Select((partition, index) => table.Find(topic.Id, index) is { } opened
            ? partition with { LeaderEpoch = opened.LeaderEpoch }
            : partition)],
    };

    // A deletion that a crash interrupted leaves one, and so do documents that were lost: nobody but the operator knows
    // whether its records are still wanted.
    private void WarnOfStrayLogs()
    {
        foreach (var log in logs.Logs.Where(log => table.Find(log.Partition.Topic, log.Partition.Partition)?.Log != log))
        {
            EmbeddedLog.StrayLog(logger, log.Directory);
        }
    }

    private void Serve(TopicImage topic)
    {
        lock (_changes)
        {
            _missed[topic.Id] = topic;
            if (Open(topic, isNew: true) is { } failure)
            {
                ExceptionDispatchInfo.Throw(failure);
            }

            _missed.Remove(topic.Id);
        }
    }

    /// <summary>Serves all partitions of a topic that can be opened; those that are served already stay what they are.</summary>
    /// <param name="isNew">The partitions that are not served were created while this process runs: a log that is there is not theirs.</param>
    /// <returns>Why some are offline.</returns>
    private IOException? Open(TopicImage topic, bool isNew)
    {
        var logConfig = TopicConfigs.ToLogConfig(topic.Configs, configs.Current);
        var partitions = new Partition?[topic.Partitions.Length];
        IOException? failure = null;
        Parallel.For(0, partitions.Length, new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount }, index =>
        {
            try
            {
                partitions[index] = table.Find(topic.Id, index) ?? Open(new TopicPartition(topic.Name, index), topic, logConfig, isNew);
            }
            catch (IOException e)
            {
                failure = e;
            }
        });
        table.Set(topic.Name, topic.Id, partitions);
        return failure;
    }

    private Partition Open(TopicPartition name, TopicImage topic, LogConfig config, bool isNew)
    {
        if (isNew && logs.Find(name)?.TopicId == Guid.Empty)
        {
            // Left by an earlier topic of this name; the log itself cannot tell any more.
            logs.DeleteLog(name);
        }

        var log = logs.OpenLog(name, topic.Id, config);
        var self = configs.Current.Broker;
        var state = new PartitionState
        {
            TopicId = topic.Id,
            Partition = name.Partition,
            Replicas = [self],
            Leader = self,
            LeaderEpoch = NextEpoch(log, isNew),
            Isr = [new IsrMember(self, 0)],
        };
        var partition = new Partition(self, log, state, topic.IsInternal, flushes);
        partition.Lead(state, timestamp: 0);
        return partition;
    }

    /// <summary>The only replica leads: under the log's last epoch after a clean stop, under a new one otherwise (docs/adr/0001).</summary>
    private LeaderEpoch NextEpoch(PartitionLog log, bool isNew)
    {
        // An unclean stop may have taken all of a log; it had its first epoch.
        var last = log.Epochs.Latest;
        var known = Math.Max(last.Value, 0);
        return new LeaderEpoch(isNew || logs.WasCleanStop ? known : known + 1);
    }
}
