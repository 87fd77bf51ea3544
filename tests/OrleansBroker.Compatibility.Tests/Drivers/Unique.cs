namespace OrleansBroker.Compatibility.Tests.Drivers;

/// <summary>Names and values that no other test has, so that a lost, doubled or foreign record shows.</summary>
internal static class Unique
{
    public static string Name(string purpose) => $"{purpose}-{Guid.NewGuid():N}"[..(purpose.Length + 9)];

    /// <summary>Records with a key and a value that name their topic and place.</summary>
    public static OutgoingRecord[] Records(string topic, int count, int first = 0, int? partition = null) =>
        [.. Enumerable.Range(first, count).Select(i => new OutgoingRecord($"{topic}/{partition ?? 0}/{i} {new string((char)('a' + (i % 26)), 40)}", Key: $"key-{i}", Partition: partition))];

    /// <summary>The same records dealt to partitions in turn.</summary>
    public static OutgoingRecord[] Dealt(string topic, int count, int partitions, int first = 0) =>
        [.. Enumerable.Range(first, count).Select(i => new OutgoingRecord($"{topic}/{i}", Key: $"key-{i}", Partition: i % partitions))];

    /// <summary>Text that no codec makes much smaller.</summary>
    public static string Noise(int length, int seed)
    {
        const string letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        var random = new Random(seed);
        return string.Create(length, random, (span, source) => source.GetItems(letters, span));
    }
}
