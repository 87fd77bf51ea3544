using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.RegularExpressions;

namespace OrleansBroker.Compatibility.Tests.Broker;

/// <summary>A broker in a process of its own, started as a user starts it.</summary>
internal sealed partial class SiloProcess : IAsyncDisposable
{
    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(60);
    private readonly Process _process;
    private readonly int _brokers;
    private readonly ConcurrentQueue<string> _output = new();
    private readonly List<Match> _readyLines = [];
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private SiloProcess(Process process, int brokers)
    {
        _process = process;
        _brokers = brokers;
        _process.OutputDataReceived += (_, line) => Hear(line.Data);
        _process.ErrorDataReceived += (_, line) => Hear(line.Data);
    }

    /// <summary>Host and port of each broker of the ready line.</summary>
    public IReadOnlyList<string> Addresses { get; private set; } = [];

    /// <summary>Host and port of the first broker.</summary>
    public string Address => Addresses[0];

    /// <summary>The data directory of the ready line.</summary>
    public string DataDirectory { get; private set; } = string.Empty;

    public int Port => int.Parse(Address[(Address.LastIndexOf(':') + 1)..], System.Globalization.CultureInfo.InvariantCulture);

    public string Output => string.Join('\n', _output);

    public Process Process => _process;

    /// <summary>Starts the built silo and returns once it has said that it is ready, each broker of it.</summary>
    public static Task<SiloProcess> StartAsync(params string[] arguments) => StartAsync("dotnet", ["exec", Repository.SiloPath, .. arguments]);

    /// <summary>Starts a program that ends up as a broker and returns once it has said that it is ready.</summary>
    public static async Task<SiloProcess> StartAsync(string program, string[] arguments, TimeSpan? timeout = null)
    {
        var silo = Launch(program, arguments);
        try
        {
            Task exited = silo._process.WaitForExitAsync();
            Task first = await Task.WhenAny(silo._ready.Task, exited).WaitAsync(timeout ?? StartTimeout);
            if (first == exited)
            {
                throw new InvalidOperationException($"The broker ended with {silo._process.ExitCode} before it was ready:\n{silo.Output}");
            }
            silo.Addresses = [.. silo._readyLines.Select(line => line.Groups["address"].Value)];
            silo.DataDirectory = silo._readyLines[0].Groups["data"].Value;
            return silo;
        }
        catch (TimeoutException)
        {
            string output = silo.Output;
            await silo.DisposeAsync();
            throw new TimeoutException($"The broker did not get ready:\n{output}");
        }
    }

    /// <summary>Starts a program that should be a broker, whatever comes of it.</summary>
    public static SiloProcess Launch(string program, string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        int option = Array.IndexOf(arguments, "--brokers");
        var silo = new SiloProcess(Process.Start(start)!, option < 0 ? 1 : int.Parse(arguments[option + 1], System.Globalization.CultureInfo.InvariantCulture));
        silo._process.BeginOutputReadLine();
        silo._process.BeginErrorReadLine();
        silo._process.StandardInput.Close();
        return silo;
    }

    /// <summary>Runs the silo with arguments that make it end by itself.</summary>
    public static async Task<(int ExitCode, string Output)> RunToEndAsync(params string[] arguments)
    {
        await using SiloProcess silo = Launch("dotnet", ["exec", Repository.SiloPath, .. arguments]);
        return (await silo.WaitForExitAsync(), silo.Output);
    }

    public async Task<int> WaitForExitAsync()
    {
        await _process.WaitForExitAsync().WaitAsync(StopTimeout);
        return _process.ExitCode;
    }

    /// <summary>Stops the broker as an operator does; its exit code.</summary>
    public Task<int> StopAsync(int signal = Signals.Terminate)
    {
        Signals.Send(_process, signal);
        return WaitForExitAsync();
    }

    /// <summary><c>kill -9</c>.</summary>
    public Task KillAsync()
    {
        _process.Kill();
        return _process.WaitForExitAsync();
    }

    /// <summary>SIGSTOP. Returns once no thread runs any more: the signal alone lets them go on until the kernel gets to each.</summary>
    public async Task PauseAsync()
    {
        Signals.Send(_process, Signals.Stop);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(1));
        while (!Directory.EnumerateDirectories($"/proc/{_process.Id}/task").All(IsStopped))
        {
            await timer.WaitForNextTickAsync();
        }
    }

    /// <summary>SIGCONT.</summary>
    public void Resume() => Signals.Send(_process, Signals.Continue);

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync();
        }
        _process.Dispose();
    }

    // The state follows the name, which is in parentheses and may hold any other character.
    private static bool IsStopped(string thread) => File.ReadAllText(Path.Combine(thread, "stat")).Split(')')[^1].StartsWith(" T", StringComparison.Ordinal);

    private void Hear(string? line)
    {
        if (line is null)
        {
            return;
        }
        _output.Enqueue(line);
        if (ReadyLine().Match(line) is not { Success: true } ready)
        {
            return;
        }
        _readyLines.Add(ready);
        if (_readyLines.Count == _brokers)
        {
            _ready.TrySetResult();
        }
    }

    [GeneratedRegex(@"^ready: broker \d+ on (?<address>\S+:\d+), data in (?<data>.+)$")]
    private static partial Regex ReadyLine();
}
