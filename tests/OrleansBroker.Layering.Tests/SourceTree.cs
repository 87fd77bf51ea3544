using System.Reflection;
using System.Xml.Linq;

namespace OrleansBroker.Layering.Tests;

/// <summary>The tree that these tests were built from.</summary>
internal static class SourceTree
{
    private static readonly string[] NotOurs = ["bin", "obj", "node_modules", "artifacts"];

    private static readonly string Root = typeof(SourceTree).Assembly
        .GetCustomAttributes<AssemblyMetadataAttribute>()
        .First(attribute => attribute.Key == "Repository").Value!;

    private static readonly string[] Rooms = ["src", "silo", "client", "tests"];

    /// <summary>Every project, by name.</summary>
    public static IReadOnlyDictionary<string, XDocument> Projects { get; } =
        Files(".csproj").ToDictionary(file => Path.GetFileNameWithoutExtension(file), file => XDocument.Load(Path.Combine(Root, file)));

    /// <summary>The projects that find out which packages this machine has.</summary>
    public static IEnumerable<XDocument> Probes =>
        Directory.EnumerateFiles(Path.Combine(Root, "build", "probes"), "*.csproj").Select(file => XDocument.Load(file));

    /// <summary>Source files that are not generated, relative to the root.</summary>
    public static IEnumerable<string> CSharpFiles => Files(".cs");

    public static string PathOf(string file) => Path.Combine(Root, file);

    public static string[] LinesOf(string file) => File.ReadAllLines(Path.Combine(Root, file));

    public static IEnumerable<string> ProjectReferences(XDocument project) =>
        Includes(project, "ProjectReference").Select(path => Path.GetFileNameWithoutExtension(path));

    public static IEnumerable<string> PackageReferences(XDocument project) => Includes(project, "PackageReference");

    private static IEnumerable<string> Includes(XDocument project, string item) => project
        .Descendants(item)
        .Where(reference => (string?)reference.Attribute("ReferenceOutputAssembly") != "false")
        .Select(reference => (string)reference.Attribute("Include")!);

    private static IEnumerable<string> Files(string extension) => Rooms
        .Select(room => Path.Combine(Root, room))
        .Where(Directory.Exists)
        .SelectMany(FilesBelow)
        .Where(file => file.EndsWith(extension, StringComparison.Ordinal))
        .Select(file => Path.GetRelativePath(Root, file));

    private static IEnumerable<string> FilesBelow(string directory) => Directory.EnumerateFiles(directory).Concat(
        Directory.EnumerateDirectories(directory).Where(each => !NotOurs.Contains(Path.GetFileName(each))).SelectMany(FilesBelow));
}
