using System.Globalization;
using OrleansBroker.Protocol;
using static OrleansBroker.Protocol.Messages.CreateTopicsRequest;

namespace OrleansBroker.Core.Topics;

/// <summary>Decides which topics come into being because somebody asked for them, and with what settings.</summary>
internal sealed class FirstUse(Catalog catalog, CatalogView view)
{
    // Of segment.bytes; what offsets.topic.segment.bytes allows below it can only be set under the internal name.
    private const int SegmentBytesMin = 1 << 20;

    public CatalogResult<ErrorCode[]> Run(IReadOnlyList<string> names)
    {
        var missing = names.Where(name => catalog.Find(name) is null).Distinct(StringComparer.Ordinal).Select(Settings).ToArray();
        var result = catalog.CreateTopics(new() { Topics = missing }, view);
        var codes = result.Response.Topics.ToDictionary(topic => topic.Name, topic => topic.ErrorCode, StringComparer.Ordinal);
        return new(result.Records, [.. names.Select(name => codes.GetValueOrDefault(name, ErrorCode.None))]);
    }

    private CreatableTopic Settings(string name) => name == InternalTopics.ConsumerOffsets
        ? new()
        {
            Name = name,
            NumPartitions = view.Config.OffsetsTopicNumPartitions,
            ReplicationFactor = (short)Math.Min(view.Config.OffsetsTopicReplicationFactor, view.Brokers.Count),
            Configs =
            [
                new() { Name = "cleanup.policy", Value = "compact" },
                new() { Name = "compression.type", Value = "producer" },
                new()
                {
                    Name = view.Config.OffsetsTopicSegmentBytes >= SegmentBytesMin ? "segment.bytes" : "internal.segment.bytes",
                    Value = view.Config.OffsetsTopicSegmentBytes.ToString(CultureInfo.InvariantCulture),
                },
            ],
        }
        : new() { Name = name, NumPartitions = -1, ReplicationFactor = -1 };
}
