using System.Diagnostics;
using System.Text.Json.Nodes;
using OrleansBroker.Compatibility.Tests.Drivers;

namespace OrleansBroker.Compatibility.Tests.Chaos;

/// <summary>Several brokers in one process, each of which can be stopped, killed, paused and cut off by itself.</summary>
internal sealed class ClusterProcess : DriverProcess
{
    private ClusterProcess()
        : base("the cluster", new ProcessStartInfo("dotnet", ["exec", Repository.TestClusterPath]))
    {
    }

    /// <summary>Host and port of each broker, by id; they stay when a broker is started again.</summary>
    public string[] Addresses { get; private set; } = [];

    /// <summary>Where each broker keeps its logs, by id.</summary>
    public string[] Directories { get; private set; } = [];

    public IEnumerable<int> Ids => Enumerable.Range(0, Addresses.Length);

    public static async Task<ClusterProcess> StartAsync(string directory, int brokers, Dictionary<string, string> settings)
    {
        var cluster = new ClusterProcess();
        JsonNode opened = (await cluster.CallAsync("open", new { directory, brokers, settings }))!;
        cluster.Addresses = [.. opened["addresses"]!.AsArray().Select(each => (string)each!)];
        cluster.Directories = [.. opened["directories"]!.AsArray().Select(each => (string)each!)];
        return cluster;
    }

    /// <param name="action">One of start, stop, kill, pause, resume, cut and heal.</param>
    public Task DoAsync(string action, int broker) => CallAsync(action, new { broker });

    /// <summary>What each broker knows of its replicas of a topic, and what it complained of: for the message of a test that fails.</summary>
    public async Task<string> DescribeAsync(string topic)
    {
        JsonNode brokers = (await CallAsync("state"))!;
        var replicas = brokers.AsArray().Select(broker =>
            $"broker {broker!["id"]} {broker["state"]}\n{string.Join('\n', broker["replicas"]!.AsArray().Select(each => (string)each!).Where(each => each.Contains(topic, StringComparison.Ordinal)))}");
        return $"{string.Join('\n', replicas)}\n{Complaints}";
    }

    /// <summary>Stops every broker cleanly, those first that only wait for others.</summary>
    public Task CloseAsync() => CallAsync("close");
}
