namespace OrleansBroker.Simulator.Defects;

/// <summary>
/// A mistake that can be planted in a copy of the sources: a text to find, which occurs once, and another in its place that is wrong
/// where the switch <c>defect.{name}</c> is on.
/// <code>
/// file: path below the root
/// what: one line
/// --- find
/// text
/// --- replace
/// text
/// </code>
/// </summary>
internal sealed record Defect(string Name, string File, string What, string Find, string Replace)
{
    private const string FindMark = "\n--- find\n";
    private const string ReplaceMark = "\n--- replace\n";

    /// <summary>All that there are, in the order of their names.</summary>
    public static IReadOnlyList<Defect> ReadAll(string root) =>
    [
        .. Directory.GetFiles(Path.Combine(root, "tests", "OrleansBroker.Simulator", "Defects"), "*.defect").Order(StringComparer.Ordinal).Select(Read),
    ];

    /// <summary>Copies what the simulator is built from and plants all defects in the copy.</summary>
    /// <exception cref="InvalidDataException">A defect's text is not there, or more than once.</exception>
    public static void PlantAll(string root, string target)
    {
        if (Directory.Exists(target))
        {
            // What was built stays: only what changed is built again.
            foreach (var file in SourcesIn(target))
            {
                System.IO.File.Delete(Path.Combine(target, file));
            }
        }

        foreach (var file in SourcesIn(root))
        {
            var copy = Path.Combine(target, file);
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            System.IO.File.Copy(Path.Combine(root, file), copy);
        }

        foreach (var defect in ReadAll(root))
        {
            defect.Plant(target);
        }
    }

    private static Defect Read(string path)
    {
        var text = System.IO.File.ReadAllText(path);
        var head = text[..text.IndexOf(FindMark, StringComparison.Ordinal)].Split('\n');
        var body = text[(text.IndexOf(FindMark, StringComparison.Ordinal) + FindMark.Length)..];
        var middle = body.IndexOf(ReplaceMark, StringComparison.Ordinal);
        return new Defect(
            Path.GetFileNameWithoutExtension(path), head[0]["file: ".Length..], head[1]["what: ".Length..], body[..middle], body[(middle + ReplaceMark.Length)..^1]);
    }

    private static string[] SourcesIn(string root)
    {
        string[] rooms = ["build", "src", "tests/OrleansBroker.Simulation", "tests/OrleansBroker.Simulator"];
        var files = rooms.Select(room => Path.Combine(root, room)).Where(Directory.Exists)
            .SelectMany(room => Directory.EnumerateFiles(room, "*", SearchOption.AllDirectories))
            .Concat(Directory.EnumerateFiles(root, "Directory.*"))
            .Concat(Directory.EnumerateFiles(root, "global.json"))
            .Concat(Directory.EnumerateFiles(root, ".editorconfig"));
        return [.. files.Select(file => Path.GetRelativePath(root, file)).Where(file => !file.Split('/').Any(part => part is "bin" or "obj"))];
    }

    private void Plant(string target)
    {
        var path = Path.Combine(target, File);
        var text = System.IO.File.ReadAllText(path);
        var at = text.IndexOf(Find, StringComparison.Ordinal);
        if (at < 0 || text.IndexOf(Find, at + 1, StringComparison.Ordinal) >= 0)
        {
            throw new InvalidDataException($"the text of the defect {Name} is {(at < 0 ? "not" : "more than once")} in {File}: {Find}");
        }

        System.IO.File.WriteAllText(path, text.Replace(Find, Replace, StringComparison.Ordinal));
    }
}
