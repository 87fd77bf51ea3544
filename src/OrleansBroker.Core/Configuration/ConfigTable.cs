using System.Collections.Frozen;

namespace OrleansBroker.Core.Configuration;

/// <summary>The configurations of one kind of resource, by name and in the order of their names.</summary>
public sealed class ConfigTable
{
    private readonly FrozenDictionary<string, ConfigDefinition> _byName;

    public ConfigTable(IEnumerable<ConfigDefinition> definitions)
    {
        All = [.. definitions.OrderBy(definition => definition.Name, StringComparer.Ordinal)];
        _byName = All.ToFrozenDictionary(definition => definition.Name, StringComparer.Ordinal);
    }

    public IReadOnlyList<ConfigDefinition> All { get; }

    public ConfigDefinition? Find(string name) => _byName.GetValueOrDefault(name);

    // What the two tables are written with: a line each, type first.
    internal static ConfigDefinition Flag(string name, bool value, string documentation, ConfigRule? rule = null) => new(name, ConfigType.Boolean, value, rule, documentation);

    internal static ConfigDefinition Int(string name, int? value, ConfigRule? rule, string documentation) => new(name, ConfigType.Int, value, rule, documentation);

    internal static ConfigDefinition Short(string name, short value, ConfigRule? rule, string documentation) => new(name, ConfigType.Short, value, rule, documentation);

    internal static ConfigDefinition Long(string name, long? value, ConfigRule? rule, string documentation) => new(name, ConfigType.Long, value, rule, documentation);

    internal static ConfigDefinition Number(string name, double value, ConfigRule? rule, string documentation) => new(name, ConfigType.Double, value, rule, documentation);

    internal static ConfigDefinition Text(string name, string? value, ConfigRule? rule, string documentation) => new(name, ConfigType.String, value, rule, documentation);

    internal static ConfigDefinition List(string name, string value, ConfigRule? rule, string documentation) =>
        new(name, ConfigType.List, value.Split(',', StringSplitOptions.RemoveEmptyEntries), rule, documentation);

}
