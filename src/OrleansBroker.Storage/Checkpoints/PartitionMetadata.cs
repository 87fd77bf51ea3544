using OrleansBroker.Storage.Files;

namespace OrleansBroker.Storage.Checkpoints;

/// <summary>
/// The file <c>partition.metadata</c>, which says to which topic a log belongs, since names are used again:
/// <code>
///  version: 0
///  topic_id: AAAAAAAAAAAAAAAAAAAAAQ
/// </code>
/// The id is 16 bytes in base64url without padding. The file is not flushed: one that is lost is written again from the catalog.
/// </summary>
internal static class PartitionMetadata
{
    private const string VersionLine = "version: 0";
    private const string TopicIdName = "topic_id: ";

    /// <summary>Null where the file is missing or not whole.</summary>
    public static Guid? Read(IFileSystem files, string directory)
    {
        var lines = files.TryReadText($"{directory}/{LogFileNames.PartitionMetadata}")?.Split('\n') ?? [];
        return lines.Length >= 2 && lines[0].Trim() == VersionLine && lines[1].StartsWith(TopicIdName, StringComparison.Ordinal)
            ? TopicIdText.TryParse(lines[1].AsSpan(TopicIdName.Length).Trim())
            : null;
    }

    public static void Write(IFileSystem files, string directory, Guid topicId) =>
        files.Replace(directory, LogFileNames.PartitionMetadata, $"{VersionLine}\n{TopicIdName}{TopicIdText.Format(topicId)}", flush: false);
}
