using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using OrleansBroker.Embedded.Cluster;

namespace OrleansBroker.TestCluster;

/// <summary>What the tests may ask of the cluster.</summary>
internal sealed class Commands(ILoggerFactory loggers)
{
    private EmbeddedCluster? _cluster;

    private EmbeddedCluster Cluster => _cluster ?? throw new InvalidOperationException("the cluster is not open");

    public async Task<object?> RunAsync(string command, JsonObject parameters)
    {
        if (command == "open")
        {
            return await OpenAsync(parameters);
        }

        int broker = (int?)parameters["broker"] ?? 0;
        switch (command)
        {
            case "start":
                await Cluster.StartAsync(broker);
                break;
            case "stop":
                await Cluster.StopAsync(broker);
                break;
            case "kill":
                await Cluster.KillAsync(broker);
                break;
            case "pause":
                Cluster.Pause(broker);
                break;
            case "resume":
                await Cluster.ResumeAsync(broker);
                break;
            case "cut" when parameters["other"] is { } other:
                Cluster.CutOff(broker, (int)other);
                break;
            case "cut":
                Cluster.CutOff(broker);
                break;
            case "heal":
                await Cluster.HealAsync();
                break;
            case "recover":
                await RecoverAsync();
                break;
            case "state":
                return Cluster.Brokers.Select(each => new { Id = each.Id.Value, State = each.State.ToString(), Replicas = each.Replicas.Select(Describe) });
            case "close":
                await Cluster.DisposeAsync();
                break;
            default:
                throw new NotSupportedException($"the cluster offers no {command}");
        }
        return null;
    }

    private async Task<object> OpenAsync(JsonObject parameters)
    {
        string directory = (string)parameters["directory"]!;
        _cluster = await EmbeddedCluster.StartAsync(new EmbeddedClusterOptions
        {
            DataDirectory = directory,
            Brokers = (int)parameters["brokers"]!,
            Settings = [.. parameters["settings"]!.AsObject().Select(each => KeyValuePair.Create(each.Key, (string)each.Value!))],
            Loggers = loggers,
        });
        return new
        {
            Addresses = _cluster.Brokers.Select(each => each.Endpoint),
            Directories = _cluster.Brokers.Select(each => Path.Combine(directory, $"broker{each.Id}")),
        };
    }

    /// <summary>Undoes all that was done to any broker.</summary>
    private async Task RecoverAsync()
    {
        foreach (EmbeddedClusterBroker broker in Cluster.Brokers)
        {
            await Cluster.ResumeAsync(broker.Id.Value);
            await Cluster.StartAsync(broker.Id.Value);
        }
        await Cluster.HealAsync();
    }

    private static string Describe(ReplicaStatus replica) =>
        $"{replica.Partition}: {(replica.IsLeader ? "leads" : $"follows {replica.Leader}")} in epoch {replica.LeaderEpoch}, in sync {string.Join(' ', replica.InSync)}, "
        + $"committed {replica.HighWatermark}, end {replica.LogEndOffset}";
}
