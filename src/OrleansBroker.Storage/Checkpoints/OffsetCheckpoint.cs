using System.Globalization;
using System.Text;
using OrleansBroker.Protocol;
using OrleansBroker.Storage.Files;

namespace OrleansBroker.Storage.Checkpoints;

/// <summary>
/// A checkpoint file of one offset per partition, in Kafka's text form:
/// <code>
///  0                    version
///  2                    lines that follow
///  orders 0 4711        topic, partition, offset
///  orders 1 42
/// </code>
/// </summary>
public static class OffsetCheckpoint
{
    /// <summary>Empty where there is no file. A file that is not whole counts as none: every user of a checkpoint can do without, at the cost of more work.</summary>
    public static Dictionary<TopicPartition, long> Read(IFileSystem files, string directory, string name)
    {
        var offsets = new Dictionary<TopicPartition, long>();
        var lines = CheckpointText.Read(files, directory, name);
        foreach (var line in lines)
        {
            var fields = line.Split(' ');
            if (fields.Length != 3
                || !int.TryParse(fields[1], CultureInfo.InvariantCulture, out var partition)
                || !long.TryParse(fields[2], CultureInfo.InvariantCulture, out var offset))
            {
                return [];
            }

            offsets[new TopicPartition(fields[0], partition)] = offset;
        }

        return offsets;
    }

    public static void Write(IFileSystem files, string directory, string name, IReadOnlyCollection<KeyValuePair<TopicPartition, long>> offsets)
    {
        var text = new StringBuilder();
        CheckpointText.WriteHead(text, offsets.Count);
        foreach (var (partition, offset) in offsets)
        {
            text.Append(CultureInfo.InvariantCulture, $"{partition.Topic} {partition.Partition} {offset}\n");
        }

        files.Replace(directory, name, text.ToString(), flush: true);
    }
}
