using OrleansBroker.Protocol;
using OrleansBroker.Storage;

namespace OrleansBroker.Embedded;

/// <summary>
/// A whole broker inside this process, with its data in one directory: for <c>silo/run</c>, and for tests of applications.
/// Disposal stops it cleanly; a process that ends without it is as good as <c>kill -9</c>, which loses nothing that was acknowledged.
/// </summary>
public sealed class EmbeddedBroker : IAsyncDisposable
{
    private readonly ListeningBroker _broker;
    private readonly SoleBroker _links;

    private EmbeddedBroker(ListeningBroker broker, SoleBroker links)
    {
        _broker = broker;
        _links = links;
    }

    public BrokerId Id => _broker.Host!.Registration.Id;

    /// <summary>For a host that has more to do with it.</summary>
    internal ListeningBroker Listening => _broker;

    public string ClusterId => _broker.Host!.Services.Logs.ClusterId;

    /// <summary>Where the broker listens: <c>host:port</c>, for <c>bootstrap.servers</c>.</summary>
    public string Endpoint => _broker.Endpoint;

    /// <summary>Opens the data directory, recovers what it holds, and listens. Completes when clients can connect.</summary>
    /// <exception cref="BrokerStartException">For a reason that its message names in one line.</exception>
    public static async Task<EmbeddedBroker> StartAsync(EmbeddedBrokerOptions options, CancellationToken cancellation = default)
    {
        if (HoldsCluster(options))
        {
            throw new BrokerStartException($"{options.DataDirectory} holds the data of several brokers, which are to be started together (--brokers)");
        }

        var links = new SoleBroker(options);
        try
        {
            return new EmbeddedBroker(await ListeningBroker.StartAsync(options, links, cancellation), links);
        }
        catch
        {
            links.Dispose();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _broker.DisposeAsync();
        _links.Dispose();
    }

    // Where a single broker's data has grown into a cluster, that broker may also start alone.
    private static bool HoldsCluster(EmbeddedBrokerOptions options)
    {
        var (files, data) = (options.Files, Path.GetFullPath(options.DataDirectory));
        return files.DirectoryExists(data)
            && !files.FileExists(Path.Combine(data, LogFileNames.MetaProperties))
            && files.ListDirectories(data).Any(name => name.StartsWith("broker", StringComparison.Ordinal) && files.FileExists(Path.Combine(data, name, LogFileNames.MetaProperties)));
    }
}
