using System.Collections.Frozen;

namespace OrleansBroker.Core.Configuration;

/// <summary>
/// A broker's configurations by name, from the strongest to the weakest: altered for this broker while running, altered for
/// all brokers, given at start, Kafka's default. Holds parsed values; unknown names are kept as they came.
/// </summary>
internal sealed class BrokerConfigValues
{
    private readonly (ConfigSource Source, FrozenDictionary<string, string> Texts, FrozenDictionary<string, object> Values)[] _layers;

    private BrokerConfigValues((ConfigSource, FrozenDictionary<string, string>, FrozenDictionary<string, object>)[] layers) => _layers = layers;

    public static BrokerConfigValues Create(
        IReadOnlyDictionary<string, string> dynamicBroker, IReadOnlyDictionary<string, string> dynamicDefault,
        IReadOnlyDictionary<string, string> atStart, List<ConfigProblem> problems) => new(
        [
            Layer(ConfigSource.DynamicBroker, dynamicBroker, problems),
            Layer(ConfigSource.DynamicDefaultBroker, dynamicDefault, problems),
            Layer(ConfigSource.StaticBroker, atStart, problems),
        ]);

    public IReadOnlyDictionary<string, string> Texts(ConfigSource source) => _layers.Single(layer => layer.Source == source).Texts;

    /// <summary>The value in force, null where neither set nor defaulted.</summary>
    public object? Get(string name) => Layers(name).Select(found => found.Value).FirstOrDefault();

    /// <summary>All values of one name with where they come from, the one in force first.</summary>
    public IEnumerable<(ConfigSource Source, object Value)> Layers(string name)
    {
        foreach (var (source, _, values) in _layers)
        {
            if (values.TryGetValue(name, out var value))
            {
                yield return (source, value);
            }
        }

        if (BrokerConfigTable.Table.Find(name)?.Default is { } byDefault)
        {
            yield return (ConfigSource.Default, byDefault);
        }
    }

    private static (ConfigSource, FrozenDictionary<string, string>, FrozenDictionary<string, object>) Layer(
        ConfigSource source, IReadOnlyDictionary<string, string> texts, List<ConfigProblem> problems)
    {
        var values = new Dictionary<string, object>(StringComparer.Ordinal);
        foreach (var (name, text) in texts)
        {
            if (BrokerConfigTable.Table.Find(name) is not { } definition)
            {
                continue;
            }

            if (definition.TryParse(text, out var value, out var problem))
            {
                values[name] = value;
            }
            else
            {
                problems.Add(problem);
            }
        }

        return (source, texts.ToFrozenDictionary(StringComparer.Ordinal), values.ToFrozenDictionary(StringComparer.Ordinal));
    }
}
