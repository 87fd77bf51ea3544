using System.Globalization;
using OrleansBroker.Core;
using OrleansBroker.Core.Configuration;
using OrleansBroker.Core.Topics;
using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Messages;
using static OrleansBroker.Protocol.Messages.DescribeConfigsRequest;
using static OrleansBroker.Protocol.Messages.DescribeConfigsResponse;

namespace OrleansBroker.Server.Handlers;

/// <summary>
/// Versions 1 to 4: topics, this broker, and (with an empty name) what was altered for all brokers. Loggers, client metrics
/// and groups have no configuration here.
/// </summary>
internal sealed class DescribeConfigsHandler(BrokerServices broker) : IHandler<DescribeConfigsRequest, DescribeConfigsResponse>
{
    public ValueTask<DescribeConfigsResponse> HandleAsync(DescribeConfigsRequest request, RequestContext context)
    {
        var results = Array.ConvertAll(request.Resources, resource => Describe(resource, new ConfigEntries(request.IncludeSynonyms, request.IncludeDocumentation)));
        return new(new DescribeConfigsResponse { Results = results });
    }

    private DescribeConfigsResult Describe(DescribeConfigsResource resource, ConfigEntries entries)
    {
        IEnumerable<DescribeConfigsResourceResult> configs = [];
        var refusal = (ConfigResourceType)resource.ResourceType switch
        {
            ConfigResourceType.Topic => DescribeTopic(resource.ResourceName, entries, out configs),
            ConfigResourceType.Broker => DescribeBroker(resource.ResourceName, entries, out configs),
            _ => new Refusal(ErrorCode.InvalidRequest, $"Resource type {resource.ResourceType} has no configuration"),
        };

        // No keys, as null or as an empty list, are all keys.
        var isWanted = resource.ConfigurationKeys is { Length: > 0 } keys ? keys.ToHashSet(StringComparer.Ordinal).Contains : (Predicate<string>)(_ => true);
        return new()
        {
            ResourceType = resource.ResourceType,
            ResourceName = resource.ResourceName,
            ErrorCode = refusal?.Code ?? ErrorCode.None,
            ErrorMessage = refusal?.Message,
            Configs = refusal is null ? [.. configs.Where(config => isWanted(config.Name))] : [],
        };
    }

    private Refusal? DescribeTopic(string name, ConfigEntries entries, out IEnumerable<DescribeConfigsResourceResult> configs)
    {
        configs = [];
        if (broker.Metadata.Current.Find(name) is not { } topic)
        {
            return TopicNames.Problem(name) is { } problem
                ? new(ErrorCode.InvalidTopicException, problem)
                : new(ErrorCode.UnknownTopicOrPartition, $"There is no topic '{name}'");
        }

        configs = entries.OfTopic(topic.Configs, broker.Config.Current);
        return null;
    }

    private Refusal? DescribeBroker(string name, ConfigEntries entries, out IEnumerable<DescribeConfigsResourceResult> configs)
    {
        var config = broker.Config.Current;
        configs = name.Length == 0 ? entries.OfAllBrokers(config) : entries.OfBroker(config);
        return name.Length == 0 || (int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var id) && id == broker.Id.Value)
            ? null
            : new(ErrorCode.InvalidRequest, $"Broker {broker.Id} was asked for the configuration of '{name}': it has its own, and that of all brokers under the empty name");
    }
}
