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

    public async ValueTask ApplyAsync(IReadOnlyList<CatalogRecord> records, Catalog catalog)
    {
        var created = records.OfType<TopicCreated>().Select(record => ToImage(record.Topic)).ToArray();
        foreach (var topic in created)
        {
            await TellAsync(() => partitions.TopicCreatedAsync(topic));
        }

        var deleted = records.OfType<TopicDeleted>().Select(record => metadata.Current.Find(record.Topic.Id)).OfType<TopicImage>().ToArray();
        metadata.Change(image => image.Without(deleted).With(created));
        foreach (var topic in deleted)
        {
            await TellAsync(() => partitions.TopicDeletedAsync(topic));
        }

        foreach (var record in records)
        {
            await ApplyAsync(record, catalog);
        }
    }

    private async ValueTask ApplyAsync(CatalogRecord record, Catalog catalog)
    {
        switch (record)
        {
            case PartitionsAdded added:
                await AddPartitionsAsync(added);
                break;
            case TopicConfigChanged { Topic: var topic }:
                metadata.Change(image => image.Find(topic.Id) is { } old ? image.With([old with { Configs = topic.Configs }]) : image);
                if (metadata.Current.Find(topic.Id) is { } changed)
                {
                    await TellAsync(() => partitions.TopicConfigChangedAsync(changed));
                }

                break;
            case BrokerConfigChanged:
                AlterBroker(catalog);
                await TellAsync(() => partitions.BrokerConfigChangedAsync(config.Current));
                break;
            default:
                break;
        }
    }

    private async ValueTask AddPartitionsAsync(PartitionsAdded added)
    {
        if (metadata.Current.Find(added.Topic.Id) is not { } old)
        {
            return;
        }

        var more = added.Topic.Replicas.Skip(old.Partitions.Length).Select(ToImage).ToArray();
        await TellAsync(() => partitions.PartitionsAddedAsync(old with { Partitions = [.. old.Partitions, .. more] }, old.Partitions.Length));
        metadata.Change(image => image.Find(added.Topic.Id) is { } now ? image.With([now with { Partitions = [.. now.Partitions, .. more] }]) : image);
    }

    // What is stored is in force: a disk that fails now leaves partitions offline, as one that fails later does.
    private async ValueTask TellAsync(Func<ValueTask> change)
    {
        try
        {
            await change();
        }
        catch (IOException e)
        {
            LogOffline(logger, e.Message);
        }
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

    [LoggerMessage(Level = LogLevel.Error, Message = "A change of the catalog did not reach its partitions: {Reason}")]
    private static partial void LogOffline(ILogger logger, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The altered configuration of the broker is not used: {Problem}")]
    private static partial void LogIgnored(ILogger logger, ConfigProblem problem);
}
