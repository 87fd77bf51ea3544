using System.Globalization;
using OrleansBroker.Core.Configuration;
using OrleansBroker.Core.Ports;
using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Messages;
using OrleansBroker.Protocol.Wire;
using OrleansBroker.Server.Network;
using ErrorCode = OrleansBroker.Protocol.ErrorCode;

namespace OrleansBroker.Silo;

/// <summary>
/// The command <c>silo/run decommission</c>: says of a broker that it is to leave the cluster for good, and tells how far its emptying
/// is until it holds nothing. Any broker can be asked, so the one that is to leave need not live.
/// </summary>
internal sealed class Decommission
{
    public const string Name = "decommission";

    public const string Usage = """
        usage: silo/run decommission --broker-id N [--bootstrap HOST:PORT[,HOST:PORT...]] [--cancel]

        Has all that a broker holds moved to others, and waits until it holds nothing: then it can be stopped for good. The moving
        goes on when this command is ended.

          --broker-id N           the broker that is to leave; it may be dead
          --bootstrap HOST:PORT   brokers that can be asked (default 127.0.0.1:9092)
          --cancel                the broker stays after all, and is given its share again
        """;

    private const short MetadataVersion = 12;
    private const short AlterConfigsVersion = 1;
    private static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(1);
    private static readonly BrokerId Asked = new(0);

    private readonly TextWriter _output;
    private readonly List<(string Host, int Port)> _bootstrap = [];
    private int? _broker;
    private bool _isCancelled;
    private bool _isHelp;

    private Decommission(TextWriter output) => _output = output;

    /// <param name="args">What follows the command's name.</param>
    /// <returns>The exit code: 1 where the broker cannot leave, or nobody could be asked.</returns>
    public static async Task<int> RunAsync(string[] args, TextWriter output, TextWriter errors, CancellationToken stopping)
    {
        var command = new Decommission(output);
        try
        {
            return command.Parse(args) is { } problem ? await FailAsync(errors, problem) : await command.RunAsync(stopping) is { } failure ? await FailAsync(errors, failure) : 0;
        }
        catch (IOException e)
        {
            return await FailAsync(errors, e.Message);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            return 0;
        }
    }

    private static async Task<int> FailAsync(TextWriter errors, string problem)
    {
        await errors.WriteLineAsync($"silo/run: {problem}");
        return 1;
    }

    private string? Parse(string[] args)
    {
        for (var i = 0; i < args.Length; i++)
        {
            var (name, value) = (args[i], i + 1 < args.Length ? args[i + 1] : string.Empty);
            switch (name)
            {
                case "--help":
                    _isHelp = true;
                    break;
                case "--cancel":
                    _isCancelled = true;
                    break;
                case "--broker-id" when int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var id):
                    _broker = id;
                    i++;
                    break;
                case "--bootstrap" when value.Split(',').All(endpoint => CommandLine.TryParseEndpoint(endpoint, out _, out _)):
                    _bootstrap.AddRange(value.Split(',').Select(endpoint => CommandLine.TryParseEndpoint(endpoint, out var host, out var port) ? (host, port) : default));
                    i++;
                    break;
                default:
                    return $"{Name}: {name} {value}".TrimEnd() + ": not an option of it, see --help";
            }
        }

        return _broker is null && !_isHelp ? $"{Name}: --broker-id: not given" : null;
    }

    /// <returns>Why the broker does not leave; null where it does.</returns>
    private async Task<string?> RunAsync(CancellationToken stopping)
    {
        if (_isHelp)
        {
            await _output.WriteLineAsync(Usage);
            return null;
        }

        var response = await AskAsync<IncrementalAlterConfigsRequest, IncrementalAlterConfigsResponse>(
            new IncrementalAlterConfigsRequest
            {
                Resources =
                [
                    new()
                    {
                        ResourceType = (sbyte)ConfigResourceType.Broker,
                        ResourceName = _broker!.Value.ToString(CultureInfo.InvariantCulture),
                        Configs = [new() { Name = BrokerConfig.DecommissionName, ConfigOperation = (sbyte)(_isCancelled ? ConfigOperation.Delete : ConfigOperation.Set), Value = _isCancelled ? null : "true" }],
                    },
                ],
            },
            AlterConfigsVersion,
            stopping);
        if (response.Responses[0] is { ErrorCode: not ErrorCode.None } refused)
        {
            return $"{Name}: broker {_broker}: {refused.ErrorMessage ?? refused.ErrorCode.ToString()}";
        }

        if (!_isCancelled)
        {
            return await WatchAsync(stopping);
        }

        await _output.WriteLineAsync($"broker {_broker} stays");
        return null;
    }

    private async Task<string?> WatchAsync(CancellationToken stopping)
    {
        var told = string.Empty;
        while (true)
        {
            var metadata = await AskAsync<MetadataRequest, MetadataResponse>(new MetadataRequest { Topics = null, AllowAutoTopicCreation = false }, MetadataVersion, stopping);
            var moves = await AskAsync<ListPartitionReassignmentsRequest, ListPartitionReassignmentsResponse>(new ListPartitionReassignmentsRequest { Topics = null }, 0, stopping);
            var held = metadata.Topics.SelectMany(topic => topic.Partitions, (topic, partition) => (Topic: topic.Name, partition.ReplicaNodes)).Where(each => each.ReplicaNodes.Contains(_broker!.Value)).ToArray();
            if (held.Length == 0)
            {
                await _output.WriteLineAsync($"broker {_broker} holds nothing any more: it can be stopped");
                return null;
            }

            var moving = moves.Topics.Sum(topic => topic.Partitions.Count(partition => partition.RemovingReplicas.Contains(_broker!.Value)));
            var others = metadata.Brokers.Count(broker => broker.NodeId != _broker);
            var homeless = held.Where(each => each.ReplicaNodes.Length > others).ToArray();
            if (moving == 0 && homeless.Length == held.Length)
            {
                return $"{Name}: broker {_broker} keeps {held.Length} partitions, as they have more replicas than the {others} other brokers can hold: of topics {string.Join(", ", homeless.Select(each => each.Topic).Distinct().Order(StringComparer.Ordinal))}";
            }

            var line = $"broker {_broker} holds {held.Length} of {metadata.Topics.Sum(topic => topic.Partitions.Length)} partitions, {moving} move";
            if (line != told)
            {
                await _output.WriteLineAsync(line);
                told = line;
            }

            await Task.Delay(LookInterval, stopping);
        }
    }

    /// <summary>Asks the first broker that answers.</summary>
    private async Task<TResponse> AskAsync<TRequest, TResponse>(TRequest request, short version, CancellationToken stopping)
        where TRequest : class, IRequest<TResponse>, new()
        where TResponse : class, IWireStruct, new()
    {
        IOException? failure = null;
        foreach (var (host, port) in _bootstrap.Count > 0 ? _bootstrap : [("127.0.0.1", 9092)])
        {
            try
            {
                var view = new ClusterView(1, [new BrokerRegistration(Asked, 1, 1, Guid.Empty, host, port, null)]);
                await using var connection = await new BrokerConnector(new FixedMembership(view), Name).ConnectAsync(Asked, stopping);
                return await connection.SendAsync<TRequest, TResponse>(request, version, stopping);
            }
            catch (IOException e)
            {
                failure = new IOException($"{Name}: {host}:{port} does not answer: {e.Message}", e);
            }
        }

        throw failure!;
    }
}
