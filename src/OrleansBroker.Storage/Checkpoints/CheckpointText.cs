using System.Globalization;
using System.Text;
using OrleansBroker.Storage.Files;

namespace OrleansBroker.Storage.Checkpoints;

/// <summary>The frame of Kafka's checkpoint files: a line with the version, one with the count, and so many lines.</summary>
internal static class CheckpointText
{
    private const string Version = "0";

    public static void WriteHead(StringBuilder text, int count) => text.Append(CultureInfo.InvariantCulture, $"{Version}\n{count}\n");

    /// <summary>The lines; none where the file is missing or not whole.</summary>
    public static ReadOnlySpan<string> Read(IFileSystem files, string directory, string name)
    {
        var lines = files.TryReadText($"{directory}/{name}")?.Split('\n', StringSplitOptions.RemoveEmptyEntries) ?? [];
        var whole = lines.Length >= 2
            && lines[0] == Version
            && int.TryParse(lines[1], NumberStyles.None, CultureInfo.InvariantCulture, out var count)
            && count == lines.Length - 2;
        return whole ? lines.AsSpan(2) : [];
    }
}
