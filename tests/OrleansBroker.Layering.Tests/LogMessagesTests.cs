using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace OrleansBroker.Layering.Tests;

/// <summary>What is logged can be told by its event id, today and after the next release: docs/operations/logs.md is printed from the sources.</summary>
public sealed partial class LogMessagesTests
{
    // Ids of one part do not run into those of another.
    private static readonly Dictionary<string, (int First, int Last)> Ranges = new()
    {
        ["src/OrleansBroker.Storage"] = (1, 999),
        ["src/OrleansBroker.Server"] = (3000, 3099),
        ["src/OrleansBroker.Core"] = (3100, 3999),
        ["src/OrleansBroker.Embedded"] = (4000, 4999),
        ["src/OrleansBroker.Grains"] = (5000, 5099),
        ["src/OrleansBroker.Abstractions"] = (5100, 5199),
        ["src/OrleansBroker.Azure"] = (6000, 6099),
        ["src/OrleansBroker.Streams"] = (6100, 6199),
        ["silo"] = (6900, 6999),
        ["client/OrleansBroker.Client"] = (7000, 7199),
    };

    private static readonly LogMessage[] Messages = [.. SourceTree.CSharpFiles.Where(IsOfProduct).SelectMany(Read).OrderBy(message => message.Id)];

    [Fact]
    public void Every_message_has_its_own_event_id()
    {
        Assert.NotEmpty(Messages);
        Assert.All(Messages.GroupBy(message => message.Id), same => Assert.True(same.Count() == 1, $"{same.Key}: {string.Join(", ", same.Select(message => message.Name))}"));
    }

    [Fact]
    public void An_event_id_tells_which_part_logs_it() => Assert.All(Messages, message =>
    {
        var (first, last) = Ranges.Single(range => message.File.StartsWith(range.Key + "/", StringComparison.Ordinal)).Value;
        Assert.InRange(message.Id, first, last);
    });

    // Whoever logs in another way would log without an id.
    [Fact]
    public void Every_message_is_declared_with_id_level_and_text()
    {
        var declared = SourceTree.CSharpFiles.Where(IsOfProduct).SelectMany(SourceTree.LinesOf).Count(line => line.Contains("[LoggerMessage", StringComparison.Ordinal));

        Assert.Equal(declared, Messages.Length);
    }

    [Fact]
    public void The_page_in_docs_has_every_message()
    {
        string path = SourceTree.PathOf("docs/operations/logs.md");
        string printed = Print();
        if (Environment.GetEnvironmentVariable("UPDATE_DOCS") == "1")
        {
            File.WriteAllText(path, printed);
        }

        Assert.True(File.Exists(path) && File.ReadAllText(path) == printed, $"{path} is stale: run the tests with UPDATE_DOCS=1");
    }

    private static string Print()
    {
        var page = new StringBuilder("""
            # Log messages

            Printed from the sources; do not edit. `UPDATE_DOCS=1 dotnet test tests/OrleansBroker.Layering.Tests` prints it anew.

            `silo/run` writes each to standard error as `time level category[id] text`; `--log` says from which level on. An id never comes to mean
            something else. What Orleans logs is Orleans' own. Ids from 7000 on are of the client: an application that uses it logs them.

            | id | level | name | text |
            |---|---|---|---|

            """);
        foreach (var message in Messages)
        {
            page.Append(CultureInfo.InvariantCulture, $"| {message.Id} | {message.Level} | {message.Name} | {message.Text.Replace("|", "\\|", StringComparison.Ordinal)} |\n");
        }

        return page.ToString();
    }

    private static bool IsOfProduct(string file) => !file.StartsWith("tests", StringComparison.Ordinal);

    private static IEnumerable<LogMessage> Read(string file) => Declaration().Matches(string.Join('\n', SourceTree.LinesOf(file))).Select(match => new LogMessage(
        file, int.Parse(match.Groups["id"].Value, CultureInfo.InvariantCulture), match.Groups["level"].Value, match.Groups["text"].Value, match.Groups["name"].Value));

    [GeneratedRegex("""\[LoggerMessage\((?<id>\d+), LogLevel\.(?<level>\w+), "(?<text>[^"]*)"\)\]\s+[\w ]+ partial void (?<name>\w+)\(""")]
    private static partial Regex Declaration();

    private sealed record LogMessage(string File, int Id, string Level, string Text, string Name);
}
