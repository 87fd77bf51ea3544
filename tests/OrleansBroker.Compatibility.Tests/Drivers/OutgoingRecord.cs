using System.Text.Json.Serialization;

namespace OrleansBroker.Compatibility.Tests.Drivers;

/// <summary>A record that a client is asked to produce.</summary>
internal sealed record OutgoingRecord(
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? Value,
    string? Key = null,
    int? Partition = null,
    long? Timestamp = null,
    string[][]? Headers = null);
