using System.Globalization;
using System.Text;

namespace OrleansBroker.Simulation;

/// <summary>The names on a disk: finds nodes by absolute path.</summary>
internal sealed class SimulatedTree(SimulatedDirectory root)
{
    public SimulatedDirectory Root => root;

    public long UsedBytes => Bytes(root);

    public SimulatedNode? Find(string path)
    {
        SimulatedNode? node = root;
        foreach (var name in Names(path))
        {
            node = (node as SimulatedDirectory)?.Entries.GetValueOrDefault(name);
        }

        return node;
    }

    public SimulatedContent File(string path) =>
        Find(path) as SimulatedContent ?? throw new FileNotFoundException($"no file {path}", path);

    public SimulatedDirectory Directory(string path) =>
        Find(path) as SimulatedDirectory ?? throw new DirectoryNotFoundException($"no directory {path}");

    /// <summary>The directory that holds the last name of a path, which need not exist itself.</summary>
    public SimulatedDirectory Parent(string path, out string name)
    {
        var trimmed = path.TrimEnd('/');
        var at = trimmed.LastIndexOf('/');
        name = trimmed[(at + 1)..];
        return Directory(trimmed[..Math.Max(at, 0)]);
    }

    public static string[] Names(string path) => path.Split('/', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Entries in the order of their names.</summary>
    public static List<KeyValuePair<string, SimulatedNode>> Sorted(SimulatedDirectory directory) =>
        [.. directory.Entries.OrderBy(entry => entry.Key, StringComparer.Ordinal)];

    public string Dump(string path)
    {
        var text = new StringBuilder();
        Dump(Directory(path), path.TrimEnd('/'), text);
        return text.ToString();
    }

    private static void Dump(SimulatedDirectory directory, string path, StringBuilder text)
    {
        foreach (var (name, node) in Sorted(directory))
        {
            if (node is SimulatedDirectory child)
            {
                Dump(child, $"{path}/{name}", text);
            }
            else if (node is SimulatedContent content)
            {
                text.AppendLine(CultureInfo.InvariantCulture, $"{path}/{name} {content.Length}{(content.IsFlushed ? "" : " *")}");
            }
        }
    }

    private static long Bytes(SimulatedNode node) => node switch
    {
        SimulatedContent content => content.Length,
        SimulatedDirectory directory => directory.Entries.Values.Sum(Bytes),
        _ => 0,
    };
}
