using System.Diagnostics;
using System.Globalization;
using OrleansBroker.Compatibility.Tests;
using OrleansBroker.Compatibility.Tests.Broker;
using OrleansBroker.Grains.Tests.Processes;

namespace OrleansBroker.Grains.Tests.Stores;

/// <summary>The blobs of Azure Storage, as its emulator keeps them. tests/run puts it there.</summary>
internal sealed class AzuriteServer(string directory) : IAsyncDisposable
{
    private Process? _process;

    /// <summary>Whether it is installed, and something to run it with.</summary>
    public static bool IsThere => Node is not null && File.Exists(Program);

    public int Port { get; } = RedisServer.FreePort();

    public string ConnectionString => ConnectionStringTo(Port);

    /// <summary>The account is the same everywhere, as is the key.</summary>
    public static string ConnectionStringTo(int port) =>
        "DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;AccountKey=Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==;"
        + $"BlobEndpoint=http://127.0.0.1:{port}/devstoreaccount1";

    private static string? Node => Environment.GetEnvironmentVariable("PATH")?.Split(Path.PathSeparator).Select(directory => Path.Combine(directory, "node")).FirstOrDefault(File.Exists);

    private static string Program => Path.Combine(Repository.Root, "tests", "OrleansBroker.Grains.Tests", "Stores", "azurite", "node_modules", "azurite", "dist", "src", "blob", "main.js");

    /// <summary>Returns once it can be asked.</summary>
    public async Task StartAsync()
    {
        Directory.CreateDirectory(directory);
        _process = Process.Start(new ProcessStartInfo(Node!, [Program, "--blobHost", "127.0.0.1", "--blobPort", Port.ToString(CultureInfo.InvariantCulture), "--location", directory, "--silent", "--disableTelemetry"]) { RedirectStandardOutput = true })!;
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (await _process.StandardOutput.ReadLineAsync(deadline.Token) is { } line)
        {
            if (line.Contains("successfully listens", StringComparison.Ordinal))
            {
                return;
            }
        }

        Assert.Fail("Azurite ended before it was ready");
    }

    /// <summary>SIGTERM: it writes down what it has first, as killed it would forget.</summary>
    public Task StopAsync()
    {
        Signals.Send(_process!, Signals.Terminate);
        return _process!.WaitForExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is { HasExited: false })
        {
            _process.Kill();
            await _process.WaitForExitAsync();
        }

        _process?.Dispose();
    }
}
