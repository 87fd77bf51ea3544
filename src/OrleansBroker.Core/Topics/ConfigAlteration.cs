using System.Globalization;
using OrleansBroker.Core.Configuration;
using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Messages;
using static OrleansBroker.Protocol.ErrorCode;

namespace OrleansBroker.Core.Topics;

/// <summary>
/// Decides one AlterConfigs or IncrementalAlterConfigs request. Each resource stands on its own, and becomes what its
/// configurations come to together or stays as it is.
/// </summary>
internal sealed class ConfigAlteration(Catalog catalog, CatalogView view)
{
    private readonly List<CatalogRecord> _records = [];

    /// <summary>One change of one configuration.</summary>
    private readonly record struct Step(string Name, ConfigOperation Operation, string? Value);

    /// <summary>All that is not named goes back to its default.</summary>
    public CatalogResult<AlterConfigsResponse> Run(AlterConfigsRequest request)
    {
        var duplicates = Duplicates.Of(request.Resources.Select(resource => (resource.ResourceType, resource.ResourceName)));
        return new(request.ValidateOnly ? [] : _records, new()
        {
            Responses = Array.ConvertAll(request.Resources, resource =>
            {
                var steps = Array.ConvertAll(resource.Configs, config => new Step(config.Name, ConfigOperation.Set, config.Value));
                var refusal = Alter(resource.ResourceType, resource.ResourceName, duplicates, steps, keepOthers: false);
                return new AlterConfigsResponse.AlterConfigsResourceResponse
                {
                    ResourceType = resource.ResourceType,
                    ResourceName = resource.ResourceName,
                    ErrorCode = refusal?.Code ?? None,
                    ErrorMessage = refusal?.Message,
                };
            }),
        });
    }

    public CatalogResult<IncrementalAlterConfigsResponse> Run(IncrementalAlterConfigsRequest request)
    {
        var duplicates = Duplicates.Of(request.Resources.Select(resource => (resource.ResourceType, resource.ResourceName)));
        return new(request.ValidateOnly ? [] : _records, new()
        {
            Responses = Array.ConvertAll(request.Resources, resource =>
            {
                var steps = Array.ConvertAll(resource.Configs, config => new Step(config.Name, (ConfigOperation)config.ConfigOperation, config.Value));
                var refusal = Alter(resource.ResourceType, resource.ResourceName, duplicates, steps, keepOthers: true);
                return new IncrementalAlterConfigsResponse.AlterConfigsResourceResponse
                {
                    ResourceType = resource.ResourceType,
                    ResourceName = resource.ResourceName,
                    ErrorCode = refusal?.Code ?? None,
                    ErrorMessage = refusal?.Message,
                };
            }),
        });
    }

    private Refusal? Alter(sbyte type, string name, HashSet<(sbyte, string)> duplicates, Step[] steps, bool keepOthers)
    {
        if (duplicates.Contains((type, name)))
        {
            return new(InvalidRequest, "The resource stands in the request more than once");
        }

        if (Duplicates.Of(steps.Select(step => step.Name)).FirstOrDefault() is { } twice)
        {
            return new(InvalidRequest, $"{twice}: stands in the request more than once");
        }

        if (steps.FirstOrDefault(step => step.Operation != ConfigOperation.Delete && step.Value is null).Name is { } nulled)
        {
            return new(InvalidRequest, $"{nulled}: null is not a value");
        }

        return (ConfigResourceType)type switch
        {
            ConfigResourceType.Topic => AlterTopic(name, steps, keepOthers),
            ConfigResourceType.Broker => AlterBroker(name, steps, keepOthers),
            _ => new(InvalidRequest, $"Resource type {type} has no configuration that can be altered"),
        };
    }

    private Refusal? AlterTopic(string name, Step[] steps, bool keepOthers)
    {
        if (catalog.Find(name) is not { } topic)
        {
            return TopicNames.Problem(name) is { } problem ? new(InvalidTopicException, problem) : new(UnknownTopicOrPartition, $"There is no topic '{name}'");
        }

        var refusal = Apply(steps, keepOthers ? topic.Configs : null, TopicConfigTable.Table, out var configs);
        if (refusal is null && !TopicConfigs.TryValidate(configs, view.Config, out var problemOfValue))
        {
            refusal = new(InvalidConfig, problemOfValue.ToString());
        }

        if (refusal is null && !Same(configs, topic.Configs))
        {
            _records.Add(new TopicConfigChanged(topic with { Configs = configs }));
        }

        return refusal;
    }

    private Refusal? AlterBroker(string name, Step[] steps, bool keepOthers)
    {
        BrokerId? broker = null;
        if (name.Length > 0)
        {
            broker = int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? new BrokerId(id) : BrokerId.None;
            if (!view.Brokers.Any(live => live.Id == broker) && !view.Knows(broker.Value))
            {
                return new(InvalidRequest, $"There is no broker '{name}' in the cluster: the name is a broker's id, or empty for all brokers");
            }
        }

        var current = broker is { } one ? catalog.BrokerConfigs(one) : catalog.AllBrokersConfigs;
        var refusal = Apply(steps, keepOthers ? current : null, BrokerConfigTable.Table, out var configs);
        if (refusal is not null)
        {
            return refusal;
        }

        if (configs.Keys.FirstOrDefault(key => BrokerConfigTable.Table.Find(key) is { IsDynamic: false }) is { } fixedAtStart)
        {
            return new(InvalidRequest, $"{fixedAtStart}: is read at start and cannot be altered while the broker runs");
        }

        // Values are checked against what this broker was started with: all of a cluster are started alike.
        var thisBroker = broker is null ? catalog.BrokerConfigs(view.Config.Broker) : configs;
        if (!view.Config.TryAlter(thisBroker, broker is null ? configs : catalog.AllBrokersConfigs, out _, out var problems))
        {
            return new(InvalidRequest, problems[0].ToString());
        }

        if (!Same(configs, current))
        {
            _records.Add(new BrokerConfigChanged(broker, configs));
        }

        return null;
    }

    private static Refusal? Apply(Step[] steps, IReadOnlyDictionary<string, string>? current, ConfigTable table, out Dictionary<string, string> configs)
    {
        configs = current is null ? new(StringComparer.Ordinal) : new(current, StringComparer.Ordinal);
        foreach (var (name, operation, value) in steps)
        {
            var definition = table.Find(name);
            switch (operation)
            {
                case ConfigOperation.Set:
                    configs[name] = value!;
                    break;
                case ConfigOperation.Delete:
                    configs.Remove(name);
                    break;
                case ConfigOperation.Append or ConfigOperation.Subtract when definition is not { Type: ConfigType.List }:
                    return new(InvalidConfig, $"{name}: is not a list, nothing can be appended to it or subtracted from it");
                case ConfigOperation.Append:
                    configs[name] = string.Join(',', Elements(name, configs, definition).Union(Split(value!)));
                    break;
                case ConfigOperation.Subtract:
                    configs[name] = string.Join(',', Elements(name, configs, definition).Except(Split(value!)));
                    break;
                default:
                    return new(InvalidRequest, $"{name}: {(sbyte)operation} is not an operation");
            }
        }

        return null;
    }

    private static string[] Elements(string name, Dictionary<string, string> configs, ConfigDefinition definition) =>
        configs.TryGetValue(name, out var text) ? Split(text) : (string[])definition.Default!;

    private static string[] Split(string list) => list.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    private static bool Same(Dictionary<string, string> left, IReadOnlyDictionary<string, string> right) =>
        left.Count == right.Count && left.All(pair => right.TryGetValue(pair.Key, out var value) && value == pair.Value);
}
