namespace OrleansBroker.Compatibility.Tests.Broker;

/// <summary>One broker for all tests of a class; it has to stop cleanly after all that they did to it.</summary>
public sealed class BrokerFixture : IAsyncLifetime, IDisposable
{
    // The first rebalance of every group waits this long for more members; Kafka's default of 3 s only makes tests long.
    private static readonly string[] Settings =
    [
        "--set", "group.initial.rebalance.delay.ms=150",
        "--set", "group.min.session.timeout.ms=1000",
    ];

    private readonly TemporaryDirectory _directory = new();
    private SiloProcess? _silo;

    internal SiloProcess Silo => _silo!;

    internal string Address => Silo.Address;

    public async Task InitializeAsync() =>
        _silo = await SiloProcess.StartAsync(["--listen", "127.0.0.1:0", "--data", _directory.Below("data"), .. Settings]);

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

    public void Dispose() => _directory.Dispose();

    /// <summary>A broker of one test's own, which it may stop and start again on the same port and data.</summary>
    internal static string[] Arguments(string address, string dataDirectory) => ["--listen", address, "--data", dataDirectory, .. Settings];
}
