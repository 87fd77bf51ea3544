using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace OrleansBroker.Core.Configuration;

/// <summary>One configuration: its name in Kafka's words, the values it takes, its default and what it is for.</summary>
public sealed record ConfigDefinition(string Name, ConfigType Type, object? Default, ConfigRule? Rule, string Documentation)
{
    /// <summary>Of a broker configuration: whether it can be altered while the broker runs, for one broker or for all. Others are read once, at start.</summary>
    public bool IsDynamic { get; init; }

    /// <summary>Of a topic configuration: the broker configurations behind it, the strongest first.</summary>
    public IReadOnlyList<ConfigSynonym> Synonyms { get; init; } = [];

    /// <summary>Kept out of what DescribeConfigs lists and what is printed; for tests of this broker and of Kafka's clients.</summary>
    public bool IsInternal { get; init; }

    /// <summary>Never shown: DescribeConfigs answers null for the value.</summary>
    public bool IsSensitive => Type == ConfigType.Password;

    /// <summary>Reads a value as Kafka does: blanks around it do not count, booleans in any case, lists divided by commas.</summary>
    public bool TryParse(string text, [NotNullWhen(true)] out object? value, [NotNullWhen(false)] out ConfigProblem? problem)
    {
        value = Parse(text.Trim());
        problem = value is null ? new ConfigProblem(Name, $"'{text}' is not a value of type {TypeName}")
            : Rule is not null && !Rule.Allows(value) ? new ConfigProblem(Name, $"'{text}' is not allowed, valid values are {Rule.Description}")
            : null;
        return problem is null;
    }

    /// <summary>A parsed value as text, as DescribeConfigs gives it; null for null.</summary>
    public static string? Print(object? value) => value switch
    {
        null => null,
        bool flag => flag ? "true" : "false",
        string[] list => string.Join(',', list),
        double number => PrintDouble(number),
        _ => Convert.ToString(value, CultureInfo.InvariantCulture),
    };

    internal string TypeName => Type.ToString().ToUpperInvariant();

    private object? Parse(string text) => Type switch
    {
        ConfigType.Boolean => bool.TryParse(text, out var flag) ? flag : null,
        ConfigType.Int => int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : null,
        ConfigType.Short => short.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : null,
        ConfigType.Long => long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : null,
        ConfigType.Double => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number) ? number : null,
        ConfigType.List => text.Length == 0 ? [] : text.Split(',', StringSplitOptions.TrimEntries),
        _ => text,
    };

    // As Java prints it, so that 1 is 1.0 for clients that compare text.
    private static string PrintDouble(double number)
    {
        var text = number.ToString("R", CultureInfo.InvariantCulture);
        return text.AsSpan().IndexOfAny('.', 'E') >= 0 ? text : text + ".0";
    }
}
