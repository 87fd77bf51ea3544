using OrleansBroker.Embedded.Tests.Topics;
using OrleansBroker.Simulation;
using OrleansBroker.Storage.Checkpoints;
using OrleansBroker.Storage.Files;

namespace OrleansBroker.Embedded.Tests.Cluster;

public sealed class ClusterDocumentTests : IDisposable
{
    private readonly FileDocumentStore _files;
    private readonly FlakyDocumentStore _store;
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("orleansbroker-cluster-");

    public ClusterDocumentTests()
    {
        var disk = new SimulatedDisk(seed: 1);
        disk.CreateDirectory("/data");
        _files = new FileDocumentStore(disk, "/data/documents");
        _store = new FlakyDocumentStore(_files, seed: 1);
    }

    public void Dispose()
    {
        _files.Dispose();
        _directory.Delete(recursive: true);
    }

    [Fact]
    public async Task The_first_broker_names_the_cluster_and_the_others_are_told()
    {
        Assert.Equal("the-first", await AgreeAsync("the-first", seed: 1));
        Assert.Equal("the-first", await AgreeAsync(null, seed: 2));
        Assert.Equal("the-first", await AgreeAsync("another", seed: 3));
    }

    [Fact]
    public async Task Brokers_that_are_all_new_agree_on_one_id_whatever_answers_are_lost()
    {
        _store.FailureChance = 0.3;
        var agreed = new List<string>();
        for (var seed = 1; seed <= 50; seed++)
        {
            try
            {
                agreed.Add(await AgreeAsync(null, seed));
            }
            catch (IOException)
            {
                // Such a broker does not start.
            }
        }

        Assert.NotEmpty(agreed);
        Assert.Single(agreed.Distinct());
    }

    [Fact]
    public async Task A_data_directory_of_another_cluster_is_refused_in_one_line_and_left_as_it_is()
    {
        var options = EmbeddedBrokerOptions.OnFreePort(_directory.FullName);
        string own;
        await using (var broker = await EmbeddedBroker.StartAsync(options))
        {
            own = broker.ClusterId;
        }

        var meta = MetaProperties.Read(LocalFileSystem.Instance, _directory.FullName)!;
        (meta with { ClusterId = "another" }).Write(LocalFileSystem.Instance, _directory.FullName);
        var before = FilesAndLengths();

        var refused = await Assert.ThrowsAsync<BrokerStartException>(() => EmbeddedBroker.StartAsync(options));

        Assert.Equal($"{_directory.FullName} belongs to cluster another, not to {own}", refused.Message);
        Assert.Equal(before, FilesAndLengths());
        meta.Write(LocalFileSystem.Instance, _directory.FullName);
        await using var again = await EmbeddedBroker.StartAsync(options);
        Assert.Equal(own, again.ClusterId);
    }

    private Task<string> AgreeAsync(string? own, int seed) => new ClusterDocument(_store, new Random(seed)).AgreeAsync(own, CancellationToken.None).AsTask();

    private string[] FilesAndLengths() =>
        [.. _directory.EnumerateFiles("*", SearchOption.AllDirectories).Select(file => $"{file.FullName} {file.Length}").Order(StringComparer.Ordinal)];
}
