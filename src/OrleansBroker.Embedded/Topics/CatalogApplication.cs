using Microsoft.Extensions.Logging;
using OrleansBroker.Core.Configuration;
using OrleansBroker.Core.Metadata;
using OrleansBroker.Core.Ports;
using OrleansBroker.Core.Topics;
using OrleansBroker.Protocol;

namespace OrleansBroker.Embedded.Topics;

/// <summary>Brings stored records to what this broker runs on: its partitions, its image of the cluster, its configuration.</summary>
internal sealed partial class CatalogApplication(BrokerConfigCache config, MetadataCache metadata, IPartitionHost partitions, ILogger logger)
{
    /// <summary>Before the broker serves: the partitions are opened from the image, many at once.</summary>
    public void Load(Catalog catalog)
    {
        AlterBroker(catalog);
        metadata.Change(image => image.With(catalog.Topics.Select(ToImage)));
    }

    public void Apply(IReadOnlyList<CatalogRecord> records, Catalog catalog)
    {
        var created = records.OfType<TopicCreated>().Select(record => ToImage(record.Topic)).ToArray();
        foreach (var topic in created)
        {
            partitions.TopicCreated(topic);
        }

        var deleted = records.OfType<TopicDeleted>().Select(record => metadata.Current.Find(record.Topic.Id)).OfType<TopicImage>().ToArray();
        metadata.Change(image => image.Without(deleted).With(created));
        foreach (var topic in deleted)
        {
            partitions.TopicDeleted(topic);
        }

        foreach (var record in records)
        {
            Apply(record, catalog);
        }
    }

    private void Apply(CatalogRecord record, Catalog catalog)
    {
        switch (record)
        {
            case PartitionsAdded added:
                AddPartitions(added);
                break;
            case TopicConfigChanged { Topic: var topic }:
                metadata.Change(image => image.Find(topic.Id) is { } old ? image.With([old with { Configs = topic.Configs }]) : image);
                if (metadata.Current.Find(topic.Id) is { } changed)
                {
                    partitions.TopicConfigChanged(changed);
                }

                break;
            case BrokerConfigChanged:
                AlterBroker(catalog);
                partitions.BrokerConfigChanged(config.Current);
                break;
            default:
                break;
        }
    }

    private void AddPartitions(PartitionsAdded added)
    {
        if (metadata.Current.Find(added.Topic.Id) is not { } old)
        {
            return;
        }

        var more = added.Topic.Replicas.Skip(old.Partitions.Length).Select(ToImage);
        partitions.PartitionsAdded(old with { Partitions = [.. old.Partitions, .. more] }, old.Partitions.Length);
        metadata.Change(image => image.Find(added.Topic.Id) is { } now ? image.With([now with { Partitions = [.. now.Partitions, .. more] }]) : image);
    }

    private void AlterBroker(Catalog catalog)
    {
        if (config.Current.TryAlter(catalog.BrokerConfigs(config.Current.Broker), catalog.AllBrokersConfigs, out var altered, out var problems))
        {
            config.Replace(altered);
        }
        else
        {
            LogIgnored(logger, problems[0]);
        }
    }

    private static TopicImage ToImage(CatalogTopic topic) =>
        new(topic.Name, topic.Id, Array.ConvertAll(topic.Replicas, ToImage)) { IsInternal = topic.IsInternal, Configs = topic.Configs };

    private static PartitionImage ToImage(BrokerId[] replicas) => new(replicas[0], new LeaderEpoch(0), replicas, replicas);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The altered configuration of the broker is not used: {Problem}")]
    private static partial void LogIgnored(ILogger logger, ConfigProblem problem);
}
