using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace OrleansBroker.Grains.Tests.Processes;

/// <summary>Redis as the documentation wants it: what it acknowledges is on the disk.</summary>
/// <param name="address">Where it listens.</param>
internal sealed class RedisServer(string directory, string address = "127.0.0.1") : IAsyncDisposable
{
    private static readonly string[] Programs = ["/usr/bin/redis-server", "/usr/local/bin/redis-server"];

    private Process? _process;

    public static string? Program => Programs.FirstOrDefault(File.Exists);

    public int Port { get; } = FreePort();

    public string Endpoint => $"{address}:{Port.ToString(CultureInfo.InvariantCulture)}";

    public async Task StartAsync()
    {
        Directory.CreateDirectory(directory);
        _process = Process.Start(new ProcessStartInfo(Program!, ["--bind", address, "--protected-mode", "no", "--port", Port.ToString(CultureInfo.InvariantCulture), "--dir", directory, "--save", "", "--appendonly", "yes", "--appendfsync", "always", "--logfile", Path.Combine(directory, "log")]))!;
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (!await TryConnectAsync())
        {
            await Task.Delay(20, deadline.Token);
        }
    }

    public async Task KillAsync()
    {
        _process!.Kill();
        await _process.WaitForExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is { HasExited: false })
        {
            await KillAsync();
        }

        _process?.Dispose();
    }

    /// <summary>A port that nobody listens on, and that no connection is given: those that the system gives out begin at 32768.</summary>
    public static int FreePort()
    {
        while (true)
        {
            var port = Random.Shared.Next(12_000, 32_000);
            try
            {
                using var listener = new TcpListener(IPAddress.Loopback, port);
                listener.Start();
                return port;
            }
            catch (SocketException)
            {
                // It is taken.
            }
        }
    }

    private async Task<bool> TryConnectAsync()
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(IPAddress.Parse(address), Port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
