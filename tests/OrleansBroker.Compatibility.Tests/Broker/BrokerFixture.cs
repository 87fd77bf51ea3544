namespace OrleansBroker.Compatibility.Tests.Broker;

/// <summary>Brokers for all tests of a class; they have to stop cleanly after all that was done to them.</summary>
public abstract class BrokerFixture : IAsyncLifetime, IDisposable
{
    // The first rebalance of every group waits this long for more members; Kafka's default of 3 s only makes tests long.
    private static readonly string[] Settings =
    [
        "--set", "group.initial.rebalance.delay.ms=150",
        "--set", "group.min.session.timeout.ms=1000",
    ];

    private readonly TemporaryDirectory _directory = new();
    private readonly List<SiloProcess> _processes = [];
    private int _asked;

    /// <summary>Host and port of each broker, in the order of their ids.</summary>
    internal string[] Addresses => [.. _processes.SelectMany(process => process.Addresses)];

    /// <summary>Of the first broker.</summary>
    internal string DataDirectory => _processes[0].DataDirectory;

    /// <summary>The ids of the brokers.</summary>
    internal IEnumerable<int> Ids => Enumerable.Range(0, Addresses.Length);

    /// <summary>Where to begin: a broker each time in turn, as any one has to do.</summary>
    internal string Address
    {
        get
        {
            string[] all = Addresses;
            return all[(Interlocked.Increment(ref _asked) & int.MaxValue) % all.Length];
        }
    }

    public Task InitializeAsync() => StartAsync();

    public async Task DisposeAsync()
    {
        // All of them at once, as an operator ends a cluster.
        var ends = await Task.WhenAll(_processes.Select(process => process.StopAsync()));
        string[] outputs = [.. _processes.Select(process => process.Output)];
        foreach (SiloProcess process in _processes)
        {
            await process.DisposeAsync();
        }

        await EndAsync();
        Assert.All(ends.Zip(outputs), end => Assert.True(end.First == 0, $"The broker stopped with {end.First}:\n{end.Second}"));
    }

    public void Dispose()
    {
        _directory.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>A broker of one test's own, which it may stop and start again on the same port and data.</summary>
    internal static string[] Arguments(string address, string dataDirectory) => ["--listen", address, "--data", dataDirectory, .. Settings];

    protected abstract Task StartAsync();

    /// <summary>Ends what the brokers needed.</summary>
    protected virtual Task EndAsync() => Task.CompletedTask;

    /// <summary>Starts a process with one broker or with several.</summary>
    protected async Task StartAsync(string dataDirectory, params string[] options) =>
        _processes.Add(await SiloProcess.StartAsync([.. Arguments("127.0.0.1:0", Below(dataDirectory)), .. options]));

    /// <summary>A directory for what belongs to the brokers.</summary>
    protected string Below(string name) => _directory.Below(name);
}
