using OrleansBroker.Core.Configuration;
using static OrleansBroker.Protocol.Messages.DescribeConfigsResponse;

namespace OrleansBroker.Server.Handlers;

/// <summary>Configurations as DescribeConfigs tells them: the value in force, where it comes from, and what lies behind it.</summary>
internal sealed class ConfigEntries(bool withSynonyms, bool withDocumentation)
{
    public IEnumerable<DescribeConfigsResourceResult> OfTopic(IReadOnlyDictionary<string, string> overrides, BrokerConfig broker) =>
        from definition in TopicConfigTable.Table.All
        where !definition.IsInternal || overrides.ContainsKey(definition.Name)
        let layers = TopicConfigs.Layers(definition, overrides, broker).ToArray()
        select Entry(definition, TopicConfigs.ValueOf(definition, overrides, broker), layers, isReadOnly: false);

    /// <summary>All that this broker knows, and what it was given that it does not know.</summary>
    public IEnumerable<DescribeConfigsResourceResult> OfBroker(BrokerConfig broker) =>
        BrokerConfigTable.Table.All.Select(definition => OfBroker(definition, broker, _ => true))
            .Concat(broker.UnknownNames.Select(name => Unknown(name, ConfigSource.StaticBroker)));

    /// <summary>Only what was altered for all brokers.</summary>
    public IEnumerable<DescribeConfigsResourceResult> OfAllBrokers(BrokerConfig broker) =>
        broker.Altered(ConfigSource.DynamicDefaultBroker).Keys.Order(StringComparer.Ordinal).Select(name => BrokerConfigTable.Table.Find(name) is { } definition
            ? OfBroker(definition, broker, source => source == ConfigSource.DynamicDefaultBroker)
            : Unknown(name, ConfigSource.DynamicDefaultBroker));

    private DescribeConfigsResourceResult OfBroker(ConfigDefinition definition, BrokerConfig broker, Func<ConfigSource, bool> isWanted)
    {
        var own = broker.Layers(definition.Name).Where(layer => isWanted(layer.Source)).Select(layer => (definition.Name, layer.Value, layer.Source));
        var weaker = BrokerConfigTable.WeakerThan(definition.Name)
            .SelectMany(name => broker.Layers(name).Where(layer => isWanted(layer.Source)).Select(layer => (name, layer.Value, layer.Source)));
        var value = own.Select(layer => layer.Value).FirstOrDefault();
        return Entry(definition, value, [.. own, .. value is null ? [] : weaker], isReadOnly: !definition.IsDynamic);
    }

    private DescribeConfigsResourceResult Entry(ConfigDefinition definition, object? value, (string Name, object Value, ConfigSource Source)[] layers, bool isReadOnly) => new()
    {
        Name = definition.Name,
        Value = definition.IsSensitive ? null : ConfigDefinition.Print(value),
        ReadOnly = isReadOnly,
        ConfigSource = (sbyte)(layers.Length > 0 ? layers[0].Source : ConfigSource.Default),
        IsSensitive = definition.IsSensitive,
        ConfigType = (sbyte)definition.Type,
        Documentation = withDocumentation ? definition.Documentation : null,
        Synonyms = !withSynonyms ? [] : Array.ConvertAll(layers, layer => new DescribeConfigsSynonym
        {
            Name = layer.Name,
            Value = definition.IsSensitive ? null : ConfigDefinition.Print(layer.Value),
            Source = (sbyte)layer.Source,
        }),
    };

    // What an unknown configuration holds may be a secret.
    private static DescribeConfigsResourceResult Unknown(string name, ConfigSource source) =>
        new() { Name = name, ConfigSource = (sbyte)source, IsSensitive = true, ReadOnly = true };
}
