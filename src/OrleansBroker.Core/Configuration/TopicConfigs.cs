using System.Diagnostics.CodeAnalysis;
using OrleansBroker.Protocol;
using OrleansBroker.Storage;

namespace OrleansBroker.Core.Configuration;

/// <summary>What a topic's own configurations and the broker's defaults amount to.</summary>
public static class TopicConfigs
{
    /// <summary>What the log needs of it. The overrides have been validated.</summary>
    public static LogConfig ToLogConfig(IReadOnlyDictionary<string, string> overrides, BrokerConfig broker)
    {
        // Null only while that very instance is being made.
        if (overrides.Count == 0 && broker.DefaultLogConfig is { } shared)
        {
            return shared;
        }

        var values = new Values(overrides, broker);
        var policy = values.Get<string[]>("cleanup.policy");
        var compression = values.Get<string>("compression.type");
        return new LogConfig
        {
            SegmentBytes = values.Find("internal.segment.bytes") is int bytes ? bytes : values.Get<int>("segment.bytes"),
            SegmentMs = values.Get<long>("segment.ms"),
            SegmentJitterMs = values.Get<long>("segment.jitter.ms"),
            SegmentIndexBytes = values.Get<int>("segment.index.bytes"),
            IndexIntervalBytes = values.Get<int>("index.interval.bytes"),
            RetentionBytes = values.Get<long>("retention.bytes"),
            RetentionMs = values.Get<long>("retention.ms"),
            Compact = policy.Contains("compact"),
            Delete = policy.Contains("delete"),
            DeleteRetentionMs = values.Get<long>("delete.retention.ms"),
            MinCompactionLagMs = values.Get<long>("min.compaction.lag.ms"),
            MaxCompactionLagMs = values.Get<long>("max.compaction.lag.ms"),
            MinCleanableDirtyRatio = values.Get<double>("min.cleanable.dirty.ratio"),
            FileDeleteDelayMs = values.Get<long>("file.delete.delay.ms"),
            MaxMessageBytes = values.Get<int>("max.message.bytes"),
            FlushMessages = values.Get<long>("flush.messages"),
            FlushMs = values.Get<long>("flush.ms"),
            LogAppendTime = values.Get<string>("message.timestamp.type") == "LogAppendTime",
            TimestampBeforeMaxMs = values.Get<long>("message.timestamp.before.max.ms"),
            TimestampAfterMaxMs = values.Get<long>("message.timestamp.after.max.ms"),
            Compression = CodecOf(compression),
            CompressionLevel = compression is "gzip" or "lz4" or "zstd" ? values.Get<int>($"compression.{compression}.level") : null,
            Preallocate = values.Get<bool>("preallocate"),
            ProducerIdExpirationMs = broker.ProducerIdExpirationMs,
        };
    }

    /// <summary>What replication needs of it.</summary>
    public static (int MinInSyncReplicas, bool AllowsUncleanElection) ToReplicationConfig(IReadOnlyDictionary<string, string> overrides, BrokerConfig broker)
    {
        var values = new Values(overrides, broker);
        return (values.Get<int>("min.insync.replicas"), values.Get<bool>("unclean.leader.election.enable"));
    }

    /// <summary>Whether these overrides can stand together over the broker's defaults; the first problem where they cannot.</summary>
    public static bool TryValidate(IReadOnlyDictionary<string, string> overrides, BrokerConfig broker, [NotNullWhen(false)] out ConfigProblem? problem)
    {
        foreach (var (name, text) in overrides)
        {
            if (TopicConfigTable.Table.Find(name) is not { } definition)
            {
                problem = new ConfigProblem(name, "is not a topic configuration");
                return false;
            }

            if (!definition.TryParse(text, out _, out problem))
            {
                return false;
            }
        }

        var values = new Values(overrides, broker);
        problem = values.Get<long>("min.compaction.lag.ms") > values.Get<long>("max.compaction.lag.ms")
            ? new ConfigProblem("min.compaction.lag.ms", "must not exceed max.compaction.lag.ms")
            : null;
        return problem is null;
    }

    /// <summary>A topic configuration's value in force and all that lie behind it, the strongest first, each with its own name.</summary>
    public static IEnumerable<(string Name, object Value, ConfigSource Source)> Layers(ConfigDefinition definition, IReadOnlyDictionary<string, string> overrides, BrokerConfig broker)
    {
        if (overrides.TryGetValue(definition.Name, out var text) && definition.TryParse(text, out var value, out _))
        {
            yield return (definition.Name, value, ConfigSource.Topic);
        }

        foreach (var synonym in definition.Synonyms)
        {
            foreach (var (source, brokerValue) in broker.Layers(synonym.BrokerConfig))
            {
                yield return (synonym.BrokerConfig, brokerValue, source);
            }
        }
    }

    /// <summary>A topic configuration's value in force; null where it has none.</summary>
    public static object? ValueOf(ConfigDefinition definition, IReadOnlyDictionary<string, string> overrides, BrokerConfig broker) =>
        new Values(overrides, broker).Find(definition.Name);

    /// <summary>Where that value comes from.</summary>
    public static ConfigSource SourceOf(ConfigDefinition definition, IReadOnlyDictionary<string, string> overrides, BrokerConfig broker)
    {
        foreach (var (_, _, source) in Layers(definition, overrides, broker))
        {
            return source;
        }

        return ConfigSource.Default;
    }

    private static CompressionCodec? CodecOf(string compressionType) => compressionType switch
    {
        "uncompressed" => CompressionCodec.None,
        "gzip" => CompressionCodec.Gzip,
        "snappy" => CompressionCodec.Snappy,
        "lz4" => CompressionCodec.Lz4,
        "zstd" => CompressionCodec.Zstd,
        _ => null,
    };

    private readonly struct Values(IReadOnlyDictionary<string, string> overrides, BrokerConfig broker)
    {
        public T Get<T>(string name) => (T)Find(name)!;

        public object? Find(string name) =>
            overrides.TryGetValue(name, out var text) && TopicConfigTable.Table.Find(name)!.TryParse(text, out var value, out _)
                ? value
                : broker.TopicDefaults[name];
    }
}
