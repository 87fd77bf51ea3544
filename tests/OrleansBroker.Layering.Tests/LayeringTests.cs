using System.Text.RegularExpressions;

namespace OrleansBroker.Layering.Tests;

/// <summary>The house stays as docs/ARCHITECTURE.md draws it.</summary>
public sealed partial class LayeringTests
{
    private const int LinesMax = 500;

    // Who may refer to whom; a project that is not named here may not exist in src.
    private static readonly Dictionary<string, string[]> Allowed = new()
    {
        ["OrleansBroker.Protocol"] = [],
        ["OrleansBroker.Storage"] = ["Protocol"],
        ["OrleansBroker.Core"] = ["Protocol", "Storage"],
        ["OrleansBroker.Server"] = ["Protocol", "Storage", "Core"],
        ["OrleansBroker.Embedded"] = ["Protocol", "Storage", "Core", "Server"],
        ["OrleansBroker.Abstractions"] = ["Protocol", "Storage", "Core"],
        ["OrleansBroker.Grains"] = ["Protocol", "Storage", "Core", "Server", "Embedded", "Abstractions"],
        ["OrleansBroker.PostgreSql"] = [],
        ["OrleansBroker.Azure"] = ["Protocol", "Storage", "Core", "Abstractions", "Grains"],
        ["OrleansBroker.Streams"] = ["Protocol", "Storage", "Core", "Abstractions"],
        ["OrleansBroker.Client"] = ["Protocol"],
        ["OrleansBroker.Cli"] = ["Protocol", "Client"],
    };

    private static readonly string[] OnOrleans = ["OrleansBroker.Abstractions", "OrleansBroker.Grains", "OrleansBroker.Streams", "OrleansBroker.Azure", "OrleansBroker.PostgreSql", "OrleansBroker.Silo", "OrleansBroker.GrainLoad"];

    public static TheoryData<string> Libraries => [.. SourceTree.Projects.Keys.Where(name => !name.Contains("Tests", StringComparison.Ordinal) && Allowed.ContainsKey(name))];

    [Theory, MemberData(nameof(Libraries))]
    public void A_project_refers_only_to_those_it_may(string project)
    {
        IEnumerable<string> references = SourceTree.ProjectReferences(SourceTree.Projects[project]);

        AssertNone(references.Except(Allowed[project].Select(name => $"OrleansBroker.{name}")));
    }

    [Fact]
    public void Every_library_has_its_place_in_the_house()
    {
        string[] known = [.. Allowed.Keys, "OrleansBroker.Silo", "OrleansBroker.Simulation", "OrleansBroker.Simulator", "OrleansBroker.Benchmarks", "OrleansBroker.Client.Benchmarks", "OrleansBroker.TestCluster", "OrleansBroker.Chaos", "OrleansBroker.GrainLoad", "ConfluentDriver"];

        AssertNone(SourceTree.Projects.Keys.Where(name => !name.EndsWith(".Tests", StringComparison.Ordinal)).Except(known));
    }

    [Fact]
    public void Orleans_packages_are_referenced_only_where_Orleans_hosts_the_broker()
    {
        IEnumerable<string> projects =
            from project in SourceTree.Projects
            where SourceTree.PackageReferences(project.Value).Any(IsOfOrleans)
            select project.Key.Replace(".Tests", string.Empty, StringComparison.Ordinal);

        AssertNone(projects.Except(OnOrleans));
    }

    [Fact]
    public void Whether_a_machine_has_a_package_of_Orleans_is_asked_before_it_is_needed()
    {
        IEnumerable<string> asked = SourceTree.Probes.SelectMany(SourceTree.PackageReferences);
        IEnumerable<string> needed = SourceTree.Projects.Values.SelectMany(SourceTree.PackageReferences).Where(IsOfOrleans);

        AssertNone(needed.Except(asked));
    }

    [Fact]
    public void No_file_is_longer_than_a_few_screens()
    {
        IEnumerable<string> tooLong =
            from file in SourceTree.CSharpFiles
            let lines = SourceTree.LinesOf(file).Length
            where lines > LinesMax
            select $"{file}: {lines} lines";

        AssertNone(tooLong);
    }

    [Fact]
    public void Nothing_is_left_open() =>
        AssertNone(SourceTree.CSharpFiles.Where(IsNotThisFile).SelectMany(file => LinesThat(file, LeftOpen())));

    [Fact]
    public void No_type_is_named_for_what_it_is_not() =>
        AssertNone(SourceTree.CSharpFiles.SelectMany(file => LinesThat(file, EmptyName())));

    // xunit 2 does not look at IAsyncDisposable: what such a class holds would be held until the run ends.
    [Fact]
    public void A_test_class_cleans_up_in_a_way_that_xunit_knows() =>
        AssertNone(SourceTree.CSharpFiles.SelectMany(file => LinesThat(file, DisposedOfByNobody())));

    // Assert.Empty would cut them short.
    private static void AssertNone(IEnumerable<string> offences)
    {
        string all = string.Join('\n', offences);
        Assert.True(all.Length == 0, all);
    }

    // Also what only providers of Orleans need.
    private static bool IsOfOrleans(string package) =>
        Array.Exists(["Microsoft.Orleans.", "Azure.", "Npgsql", "StackExchange."], prefix => package.StartsWith(prefix, StringComparison.Ordinal));

    private static bool IsNotThisFile(string file) => Path.GetFileName(file) != $"{nameof(LayeringTests)}.cs";

    private static IEnumerable<string> LinesThat(string file, Regex match) => SourceTree.LinesOf(file)
        .Index()
        .Where(line => match.IsMatch(line.Item))
        .Select(line => $"{file}:{line.Index + 1}: {line.Item.Trim()}");

    [GeneratedRegex(@"\b(TODO|FIXME|HACK|NotImplementedException)\b")]
    private static partial Regex LeftOpen();

    [GeneratedRegex(@"\b(class|struct|record|interface|enum) \w*(Manager|Helper|Helpers|Utils|Util|Impl)\b")]
    private static partial Regex EmptyName();

    [GeneratedRegex(@"\bclass \w+Tests?\b.*\bIAsyncDisposable\b")]
    private static partial Regex DisposedOfByNobody();
}
