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
    // Topics whose partitions could not be brought up to what the catalog says.
    private readonly HashSet<Guid> _missed = [];

    /// <summary>Before the broker serves: the partitions are opened from the image, many at once.</summary>
    public void Load(Catalog catalog)
    {
        AlterBroker(catalog);
        metadata.Change(image => image with { Decommissioned = catalog.Decommissioned });
        metadata.Change(image => image.With(catalog.Topics.Select(ToImage)));
    }

    public async ValueTask ApplyAsync(IReadOnlyList<CatalogRecord> records, Catalog catalog)
    {
        // A topic that was deleted makes room for another of its name.
        var deleted = records.OfType<TopicDeleted>().Select(record => metadata.Current.Find(record.Topic.Id)).OfType<TopicImage>().ToArray();
        metadata.Change(image => image.Without(deleted));
        foreach (var topic in deleted)
        {
            await TellAsync(topic, () => partitions.TopicDeletedAsync(topic));
            _missed.Remove(topic.Id);
        }

        var created = records.OfType<TopicCreated>().Select(record => ToImage(record.Topic)).ToArray();
        foreach (var topic in created)
        {
            await TellAsync(topic, () => partitions.TopicCreatedAsync(topic));
        }

        metadata.Change(image => (image with { Decommissioned = catalog.Decommissioned }).With(created));
        foreach (var record in records)
        {
            await ApplyAsync(record, catalog);
        }
    }

    /// <summary>Tells those again that could not be told of what was created, since the disk or the documents failed.</summary>
    /// <returns>Whether all is done now.</returns>
    public async ValueTask<bool> RetryAsync()
    {
        foreach (var id in _missed.Order().ToArray())
        {
            _missed.Remove(id);
            if (metadata.Current.Find(id) is { } topic)
            {
                await TellAsync(topic, () => partitions.TopicCreatedAsync(topic));
            }
        }

        return _missed.Count == 0;
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
                    await TellAsync(changed, () => partitions.TopicConfigChangedAsync(changed));
                }

                break;
            case BrokerConfigChanged altered when altered.Broker is null || altered.Broker == config.Current.Broker:
                AlterBroker(catalog);
                await partitions.BrokerConfigChangedAsync(config.Current);
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
        await TellAsync(old, () => partitions.PartitionsAddedAsync(old with { Partitions = [.. old.Partitions, .. more] }, old.Partitions.Length));

        // Those who hold partitions may have shown them already.
        metadata.Change(image => image.Find(added.Topic.Id) is { } now
            ? image.With([now with { Partitions = [.. now.Partitions, .. more.Skip(now.Partitions.Length - old.Partitions.Length)] }])
            : image);
    }

    // What is stored is in force: a disk that fails now leaves partitions offline, as one that fails later does.
    private async ValueTask TellAsync(TopicImage topic, Func<ValueTask> change)
    {
        try
        {
            await change();
        }
        catch (IOException e)
        {
            _missed.Add(topic.Id);
            CatalogNotApplied(logger, topic.Name, e.Message);
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
            ConfigurationIgnored(logger, problems[0]);
        }
    }

    private static TopicImage ToImage(CatalogTopic topic) =>
        new(topic.Name, topic.Id, Array.ConvertAll(topic.Replicas, ToImage)) { IsInternal = topic.IsInternal, Configs = topic.Configs };

    // Whatever is known of the partition itself is newer.
    private static PartitionImage ToImage(BrokerId[] replicas) => new(replicas[0], new LeaderEpoch(0), replicas, replicas) { PartitionEpoch = -1 };

    [LoggerMessage(4011, LogLevel.Error, "a change of the catalog did not reach the partitions of {Topic}, and will be tried again: {Reason}")]
    private static partial void CatalogNotApplied(ILogger logger, string topic, string reason);

    [LoggerMessage(4012, LogLevel.Warning, "the altered configuration of the broker is not used: {Problem}")]
    private static partial void ConfigurationIgnored(ILogger logger, ConfigProblem problem);
}
