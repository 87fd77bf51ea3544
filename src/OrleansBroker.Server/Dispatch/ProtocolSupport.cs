using System.Globalization;
using System.Text;

namespace OrleansBroker.Server.Dispatch;

/// <summary>Prints <c>docs/protocol-support.md</c>: what is served beside what Kafka serves, and why not the rest.</summary>
internal static class ProtocolSupport
{
    /// <summary>What is left out, by the first and the last API key of the group that it concerns.</summary>
    private static readonly (string Title, string Why, int[] Keys)[] LeftOut =
    [
        ("Transactions", "There is no transaction coordinator yet. Idempotent producers work; a transactional id is refused.", [24, 25, 26, 27, 28, 65, 66]),
        ("Authentication and ACLs", "There is no SASL, no TLS and no authorizer yet: every client may do everything.", [17, 29, 30, 31, 36, 38, 39, 40, 41, 50, 51]),
        ("Quotas", "No client is throttled.", [48, 49]),
        ("Replication and reassignment", "A broker is alone: there is nothing to elect, reassign, move or unregister.", [34, 43, 45, 46, 64]),
        ("KRaft", "Metadata is not kept by a KRaft quorum, and there are no features to update.", [55, 57, 80, 81]),
        ("The next consumer group protocol (KIP-848)", "Groups use the classic protocol. Clients that are set to group.protocol=consumer are told that it is not supported.", [68, 69]),
        ("Share groups (KIP-932)", "There are no share groups.", [76, 77, 78, 79, 83, 84, 85, 86, 87, 90, 91, 92]),
        ("Streams groups (KIP-1071)", "Kafka Streams uses the classic protocol.", [88, 89]),
        ("Client telemetry (KIP-714)", "Not collected; Kafka does not advertise it either unless a receiver is configured.", [71, 72]),
        ("Other", "Not written yet.", [74]),
    ];

    public static string Print(IReadOnlyList<ServedApi> table)
    {
        var served = table.ToDictionary(line => (int)line.Api.Key);
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $$"""
            # Protocol support

            Printed from the API table (`src/OrleansBroker.Server/Dispatch/ApiTable.cs`); a test fails when this page is stale, and
            `UPDATE_DOCS=1` makes that test rewrite it. Kafka is Apache Kafka {{KafkaVersions.Release}}.

            ## Served

            | key | API | versions | Kafka | remarks |
            |---|---|---|---|---|

            """);
        foreach (var line in table.OrderBy(line => line.Api.Key))
        {
            AppendServed(text, line);
        }

        text.Append("""

            A request of another API or version closes its connection, as in Kafka; an ApiVersions request of another version is
            answered with a version 0 body, error 35 and this table (KIP-511).

            ## Not served

            """);
        foreach (var (title, why, keys) in LeftOut)
        {
            AppendLeftOut(text, title, why, KafkaVersions.Apis.Where(api => keys.Contains(api.Key) && !served.ContainsKey(api.Key)));
        }

        var unexplained = KafkaVersions.Apis.Where(api => !served.ContainsKey(api.Key) && !LeftOut.Any(group => group.Keys.Contains(api.Key))).ToList();
        if (unexplained.Count > 0)
        {
            AppendLeftOut(text, "Not yet served", "To come.", unexplained);
        }

        return text.ToString();
    }

    private static void AppendServed(StringBuilder text, ServedApi line)
    {
        var kafka = Array.Find(KafkaVersions.Apis, api => api.Key == (int)line.Api.Key);
        var remarks = line.Note;
        if (line.Api.AdvertisedMin < line.VersionMin)
        {
            var refused = $"advertised from {line.Api.AdvertisedMin}, as Kafka does, because librdkafka would not compress otherwise; versions below {line.VersionMin} are refused";
            remarks = remarks.Length == 0 ? refused : $"{remarks}; {refused}";
        }

        text.Append(CultureInfo.InvariantCulture, $"| {(int)line.Api.Key} | {line.Api.Key} | {Range(line.VersionMin, line.VersionMax)} | {Range(kafka.VersionMin, kafka.VersionMax)} | {remarks} |\n");
    }

    private static void AppendLeftOut(StringBuilder text, string title, string why, IEnumerable<(int Key, string Name, short VersionMin, short VersionMax)> apis)
    {
        var names = string.Join(", ", apis.Select(api => $"{api.Name} ({api.Key})"));
        if (names.Length > 0)
        {
            text.Append(CultureInfo.InvariantCulture, $"\n### {title}\n\n{why}\n\n{names}.\n");
        }
    }

    private static string Range(short from, short to) => from == to ? $"{from}" : $"{from}–{to}";
}
