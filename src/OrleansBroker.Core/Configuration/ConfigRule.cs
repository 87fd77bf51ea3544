using System.Globalization;

namespace OrleansBroker.Core.Configuration;

/// <summary>Which values of the right type a configuration takes.</summary>
/// <param name="Description">For people, as in Kafka's documentation: <c>[1,...]</c>.</param>
/// <param name="Allows">Given a parsed value, never null.</param>
public sealed record ConfigRule(string Description, Func<object, bool> Allows)
{
    public static ConfigRule AtLeast(long least) =>
        new($"[{least.ToString(CultureInfo.InvariantCulture)},...]", value => ToDouble(value) >= least);

    public static ConfigRule Between(double least, double most) =>
        new(string.Create(CultureInfo.InvariantCulture, $"[{least},...,{most}]"), value => ToDouble(value) >= least && ToDouble(value) <= most);

    /// <summary>One of the given strings; of a list, each element is one of them and none comes twice.</summary>
    public static ConfigRule OneOf(params string[] choices) =>
        new($"[{string.Join(", ", choices)}]", value => value is string[] list
            ? list.All(choices.Contains) && list.Distinct(StringComparer.Ordinal).Count() == list.Length
            : choices.Contains((string)value));

    /// <summary>gzip's levels: 1 to 9, or -1 for the library's own choice.</summary>
    public static readonly ConfigRule GzipLevel = new("[1,...,9] or -1", value => value is int and (-1 or >= 1 and <= 9));

    /// <summary>Replicas whose replication is throttled: <c>partition:broker</c> pairs, or <c>*</c> for all.</summary>
    public static readonly ConfigRule ReplicaPairs = new("[partitionId]:[brokerId],... or *", value => IsReplicaPairs((string[])value));

    /// <summary>Kafka takes several data directories, this broker one.</summary>
    public static readonly ConfigRule OneDirectory = new("one directory", value => value is string path && path.Length > 0 && !path.Contains(','));

    /// <summary>Only <c>false</c>: the feature behind it is not part of this broker.</summary>
    public static readonly ConfigRule NotAvailable = new("[false]", value => value is false);

    private static double ToDouble(object value) => Convert.ToDouble(value, CultureInfo.InvariantCulture);

    private static bool IsReplicaPairs(string[] list) =>
        list is ["*"] || list.All(pair => pair.Split(':') is [var partition, var broker]
            && int.TryParse(partition, NumberStyles.None, CultureInfo.InvariantCulture, out _)
            && int.TryParse(broker, NumberStyles.None, CultureInfo.InvariantCulture, out _));
}
