using System.Runtime.CompilerServices;
using OrleansBroker.Embedded.Cluster;

namespace OrleansBroker.Embedded.Tests.Cluster;

/// <summary>The examples of the documentation compile and run: each is in a method here, word for word but for its comments.</summary>
public sealed class DocumentedExampleTests
{
    [Fact]
    public Task The_readme_starts_a_broker() => RunAsync("README.md", async directory =>
    {
        await using var broker = await EmbeddedBroker.StartAsync(EmbeddedBrokerOptions.OnFreePort(directory));

        Assert.NotEmpty(broker.Endpoint);
    });

    [Fact]
    public Task The_readme_starts_a_cluster() => RunAsync("README.md", async directory =>
    {
        await using var cluster = await EmbeddedCluster.StartAsync(new EmbeddedClusterOptions { DataDirectory = directory });
        await cluster.KillAsync(1);
        await cluster.StartAsync(1);

        Assert.Equal(3, cluster.BootstrapServers.Split(',').Length);
    });

    [Fact]
    public Task The_page_on_clusters_does_everything_to_its_brokers() => RunAsync("docs/operations/cluster.md", async directory =>
    {
        await using var cluster = await EmbeddedCluster.StartAsync(new EmbeddedClusterOptions { DataDirectory = directory });
        await cluster.KillAsync(1);
        await cluster.StartAsync(1);
        cluster.Pause(2);
        await cluster.ResumeAsync(2);
        cluster.CutOff(0);
        await cluster.HealAsync();
        await cluster.AddBrokerAsync();
        await cluster.DecommissionAsync(3);
        await cluster.StopAsync(3);

        Assert.All(cluster.Brokers, broker => Assert.Equal(broker.Id.Value < 3 ? BrokerState.Running : BrokerState.Stopped, broker.State));
    });

    /// <summary>Runs an example, and looks for its lines above the first empty one in a block of code of the page.</summary>
    private static async Task RunAsync(string page, Func<string, Task> example, [CallerFilePath] string thisFile = "", [CallerLineNumber] int line = 0)
    {
        string directory = Directory.CreateTempSubdirectory("orleansbroker-").FullName;
        try
        {
            await example(directory);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }

        string root = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(thisFile)!, "..", "..", ".."));
        string[] lines = [.. File.ReadLines(thisFile).Skip(line + 1).TakeWhile(text => text.Length > 0).Select(text => text.Trim())];
        string[] blocks = [.. File.ReadAllText(Path.Combine(root, page)).Split("```").Where(block => block.StartsWith("csharp", StringComparison.Ordinal))];
        Assert.Contains(blocks, block => lines.SequenceEqual(block.Split('\n').Skip(1).Select(WithoutComment).Where(text => text.Length > 0)));
    }

    private static string WithoutComment(string line) => line.Split("//")[0].Trim();
}
