using System.Text.Json.Nodes;
using OrleansBroker.Embedded;

namespace OrleansBroker.TestCluster;

/// <summary>What the tests may ask of the cluster.</summary>
internal sealed class Commands
{
    private EmbeddedBroker? _broker;

    public async Task<object?> RunAsync(string command, JsonObject parameters)
    {
        switch (command)
        {
            case "open":
                string directory = (string)parameters["directory"]!;
                (string, string)[] settings = [.. parameters["settings"]!.AsObject().Select(each => (each.Key, (string)each.Value!))];
                _broker = await EmbeddedBroker.StartAsync(EmbeddedBrokerOptions.OnFreePort(directory, settings));
                return new { Addresses = new[] { _broker.Endpoint }, Directories = new[] { directory } };
            case "close":
                await _broker!.DisposeAsync();
                return null;
            default:
                return null;
        }
    }
}
