using System.Globalization;
using System.Text;

namespace OrleansBroker.Core.Configuration;

/// <summary>Prints <c>docs/operations/configuration.md</c> from the tables, so that it cannot say anything else.</summary>
public static class ConfigurationPage
{
    public static string Print()
    {
        var page = new StringBuilder();
        page.AppendLine("# Configuration");
        page.AppendLine();
        page.AppendLine("Printed from the tables in `src/OrleansBroker.Core/Configuration`; do not edit. `UPDATE_DOCS=1 dotnet test tests/OrleansBroker.Core.Tests` prints it anew.");
        page.AppendLine();
        page.AppendLine("Names, types, defaults and bounds are Kafka's. A broker takes its configurations from `--set NAME=VALUE` and from a file in Kafka's");
        page.AppendLine("properties format (`--config FILE`); a bad value ends the start with one line that names the key, an unknown name is kept and warned about.");
        page.AppendLine();
        PrintTopics(page);
        page.AppendLine();
        PrintBrokers(page);
        return page.ToString().ReplaceLineEndings("\n");
    }

    private static void PrintTopics(StringBuilder page)
    {
        page.AppendLine("## Topics");
        page.AppendLine();
        page.AppendLine("Set when a topic is created, or altered while the broker runs: the logs follow at once. What a topic does not set it takes from the");
        page.AppendLine("broker; of several broker configurations the first that is set counts.");
        page.AppendLine();
        page.AppendLine("| name | type | default | valid values | broker configuration | what it does |");
        page.AppendLine("|---|---|---|---|---|---|");
        foreach (var definition in TopicConfigTable.Table.All.Where(definition => !definition.IsInternal))
        {
            var synonyms = string.Join(", ", definition.Synonyms.Select(synonym => $"`{synonym.BrokerConfig}`"));
            page.AppendLine(CultureInfo.InvariantCulture, $"| `{definition.Name}` | {TypeOf(definition)} | {DefaultOf(definition)} | {RuleOf(definition)} | {synonyms} | {definition.Documentation} |");
        }
    }

    private static void PrintBrokers(StringBuilder page)
    {
        page.AppendLine("## Brokers");
        page.AppendLine();
        page.AppendLine("Those that can change are altered while the broker runs, for one broker or for all (the broker's own comes first, then that of all");
        page.AppendLine("brokers, then what was given at start). The others are read once, at start.");
        page.AppendLine();
        page.AppendLine("| name | type | default | valid values | can change | what it does |");
        page.AppendLine("|---|---|---|---|---|---|");
        foreach (var definition in BrokerConfigTable.Table.All.Where(definition => !definition.IsInternal))
        {
            page.AppendLine(CultureInfo.InvariantCulture, $"| `{definition.Name}` | {TypeOf(definition)} | {DefaultOf(definition)} | {RuleOf(definition)} | {(definition.IsDynamic ? "yes" : "no")} | {definition.Documentation} |");
        }
    }

    private static string TypeOf(ConfigDefinition definition) => definition.TypeName.ToLowerInvariant();

    private static string RuleOf(ConfigDefinition definition) => definition.Rule?.Description ?? "";

    private static string DefaultOf(ConfigDefinition definition) => ConfigDefinition.Print(definition.Default) switch
    {
        null => "",
        "" => "(empty)",
        var text => $"`{text}`",
    };
}
