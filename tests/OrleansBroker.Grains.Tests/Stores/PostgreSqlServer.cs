using System.Diagnostics;
using System.Globalization;
using OrleansBroker.Compatibility.Tests;
using OrleansBroker.Compatibility.Tests.Broker;
using OrleansBroker.Grains.Tests.Processes;
using OrleansBroker.PostgreSql;

namespace OrleansBroker.Grains.Tests.Stores;

/// <summary>A PostgreSQL of the test's own, which nobody but the loopback address gets to. It never runs as root, who may be running the test.</summary>
internal sealed class PostgreSqlServer : IAsyncDisposable
{
    private const string Nobody = "65534";

    private static readonly string[] Directories =
    [
        .. Directory.Exists("/usr/lib/postgresql") ? Directory.GetDirectories("/usr/lib/postgresql").OrderDescending(StringComparer.Ordinal).Select(version => Path.Combine(version, "bin")) : [],
        "/usr/local/bin",
        "/usr/bin",
    ];

    private readonly TemporaryDirectory _directory = new();
    private Process? _process;

    /// <summary>Null where there is none.</summary>
    public static string? Programs => Directories.FirstOrDefault(directory => Array.TrueForAll(["postgres", "initdb", "psql"], program => File.Exists(Path.Combine(directory, program))));

    /// <summary>Of the database that <see cref="ApplyAsync"/> makes.</summary>
    public string ConnectionString => $"Host=127.0.0.1;Port={Port};Username=orleansbroker;Database=brokers";

    public int Port { get; } = RedisServer.FreePort();

    private string Data => _directory.Below("data");

    public async Task InitializeAsync()
    {
        Directory.CreateDirectory(Data);
        if (Environment.IsPrivilegedProcess)
        {
            await RunAsync("chmod", "o+x", _directory.Path);
            await RunAsync("chown", Nobody, Data);
        }

        var (program, arguments) = AsNobody("initdb", "-D", Data, "-A", "trust", "-U", "orleansbroker", "-E", "UTF8", "--locale=C", "--no-sync");
        await RunAsync(program, arguments);
        await StartAsync();
        await SqlAsync("postgres", "-c", "CREATE DATABASE brokers");
    }

    /// <summary>Returns once it can be asked.</summary>
    public async Task StartAsync()
    {
        var (program, arguments) = AsNobody("postgres", "-D", Data, "-h", "127.0.0.1", "-p", Port.ToString(CultureInfo.InvariantCulture), "-c", "unix_socket_directories=", "-c", $"log_directory={Data}", "-c", "logging_collector=on");
        _process = Process.Start(new ProcessStartInfo(program, arguments))!;
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (!await CanBeAskedAsync(deadline.Token))
        {
            await Task.Delay(20, deadline.Token);
        }
    }

    /// <summary>SIGQUIT: it ends at once, and recovers from its log when it is started again.</summary>
    public Task KillAsync()
    {
        Signals.Send(_process!, Signals.Quit);
        return _process!.WaitForExitAsync();
    }

    /// <summary>Makes in the database what the documentation says that it needs, in the way that it says.</summary>
    public Task ApplyAsync() => SqlAsync("brokers", "-f", Path.Combine(Repository.Root, "infra", "postgresql", "orleansbroker.sql"));

    public Task SqlAsync(string database, params string[] arguments) =>
        RunAsync(Path.Combine(Programs!, "psql"), ["-h", "127.0.0.1", "-p", Port.ToString(CultureInfo.InvariantCulture), "-U", "orleansbroker", "-q", "-X", "-v", "ON_ERROR_STOP=1", "-d", database, .. arguments]);

    public async ValueTask DisposeAsync()
    {
        if (_process is { HasExited: false })
        {
            await KillAsync();
        }

        _process?.Dispose();
        _directory.Dispose();
    }

    private static (string Program, string[] Arguments) AsNobody(string program, params string[] arguments)
    {
        var path = Path.Combine(Programs!, program);
        return Environment.IsPrivilegedProcess ? ("setpriv", [$"--reuid={Nobody}", $"--regid={Nobody}", "--clear-groups", path, .. arguments]) : (path, arguments);
    }

    private static async Task RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var output = await Task.WhenAll(process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, $"{program} {string.Join(' ', arguments)}: {string.Concat(output)}");
    }

    private async Task<bool> CanBeAskedAsync(CancellationToken cancellation)
    {
        Assert.False(_process!.HasExited, "postgres has ended");
        try
        {
            await new PostgreSqlDatabase(ConnectionString + ";Database=postgres").CheckAsync(cancellation);
            return true;
        }
        catch (OrleansConfigurationException)
        {
            // It answers, and has not yet what it needs.
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }
}
