namespace OrleansBroker.Compatibility.Tests.Broker;

/// <summary>One broker, or several in one process, for all tests of a class; they have to stop cleanly after all that was done to them.</summary>
public abstract class BrokerFixture(int count, string[] options) : IAsyncLifetime, IDisposable
{
    // The first rebalance of every group waits this long for more members; Kafka's default of 3 s only makes tests long.
    private static readonly string[] Settings =
    [
        "--set", "group.initial.rebalance.delay.ms=150",
        "--set", "group.min.session.timeout.ms=1000",
    ];

    private readonly TemporaryDirectory _directory = new();
    private SiloProcess? _silo;
    private int _asked;

    internal SiloProcess Silo => _silo!;

    /// <summary>The ids of the brokers.</summary>
    internal IEnumerable<int> Ids => Enumerable.Range(0, Silo.Addresses.Count);

    /// <summary>Where to begin: a broker each time in turn, as any one has to do.</summary>
    internal string Address => Silo.Addresses[(Interlocked.Increment(ref _asked) & int.MaxValue) % Silo.Addresses.Count];

    public async Task InitializeAsync()
    {
        _silo = await SiloProcess.StartAsync([.. Arguments("127.0.0.1:0", _directory.Below("data")), .. options]);
        Assert.Equal(count, _silo.Addresses.Count);
    }

    public async Task DisposeAsync()
    {
        if (_silo is not null)
        {
            int exitCode = await _silo.StopAsync();
            string output = _silo.Output;
            await _silo.DisposeAsync();
            Assert.True(exitCode == 0, $"The broker stopped with {exitCode}:\n{output}");
        }
    }

    public void Dispose()
    {
        _directory.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>A broker of one test's own, which it may stop and start again on the same port and data.</summary>
    internal static string[] Arguments(string address, string dataDirectory) => ["--listen", address, "--data", dataDirectory, .. Settings];
}
