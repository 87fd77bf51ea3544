using System.Globalization;
using OrleansBroker.Protocol;
using OrleansBroker.Storage.Files;

namespace OrleansBroker.Storage.Checkpoints;

/// <summary>
/// The file <c>meta.properties</c>, which says whose a data directory is:
/// <code>
///  version=1
///  cluster.id=q1Sh-9_ISia_zwGINzRvyQ
///  node.id=0
///  directory.id=7JF6MzL9QzGaTkLPAv1xug
/// </code>
/// </summary>
public sealed record MetaProperties(string ClusterId, BrokerId Broker, Guid DirectoryId)
{
    /// <summary>Null where there is no file.</summary>
    /// <exception cref="DataDirectoryException">The file is not whole.</exception>
    public static MetaProperties? Read(IFileSystem files, string directory)
    {
        var text = files.TryReadText($"{directory}/{LogFileNames.MetaProperties}");
        if (text is null)
        {
            return null;
        }

        var values = new Dictionary<string, string>();
        foreach (var line in text.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            var equals = line.IndexOf('=', StringComparison.Ordinal);
            if (equals > 0 && !line.StartsWith('#'))
            {
                values[line[..equals].Trim()] = line[(equals + 1)..].Trim();
            }
        }

        var broker = values.GetValueOrDefault("node.id") ?? values.GetValueOrDefault("broker.id");
        var directoryId = TopicIdText.TryParse(values.GetValueOrDefault("directory.id"));
        return values.TryGetValue("cluster.id", out var cluster) && int.TryParse(broker, CultureInfo.InvariantCulture, out var id) && directoryId is { } known
            ? new MetaProperties(cluster, new BrokerId(id), known)
            : throw new DataDirectoryException($"{directory}/{LogFileNames.MetaProperties} is not whole: it needs cluster.id, node.id and directory.id");
    }

    public void Write(IFileSystem files, string directory)
    {
        var text = $"version=1\ncluster.id={ClusterId}\nnode.id={Broker}\ndirectory.id={TopicIdText.Format(DirectoryId)}\n";
        files.Replace(directory, LogFileNames.MetaProperties, text, flush: true);
    }
}
