using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace OrleansBroker.Simulator.Campaigns;

/// <summary>What a worker said of a seed.</summary>
/// <param name="IsOver">The process is of no more use.</param>
internal sealed record WorkerAnswer(TimeSpan Simulated, string? Failure, bool IsOver);

/// <summary>A process that runs seeds: one line with a seed in, the report and a closing line out.</summary>
internal sealed class Worker : IDisposable
{
    public const string Argument = "--work";
    private const string Passed = "passed ";
    private const string Failed = "failed ";

    /// <summary>Real time that a run may take: one that hangs is a failure.</summary>
    private static readonly TimeSpan SeedMax = TimeSpan.FromMinutes(4);

    private readonly Process _process;
    private readonly RunOptions _options;
    private readonly string? _defect;

    public Worker(RunOptions options, string? defect)
    {
        _options = options;
        _defect = defect;
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardInput = true, RedirectStandardOutput = true };
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet")
        {
            start.ArgumentList.Add(typeof(Worker).Assembly.Location);
        }

        Array.ForEach([Argument, .. Arguments()], start.ArgumentList.Add);
        _process = Process.Start(start)!;
    }

    /// <summary>The other side: runs seeds until there are no more.</summary>
    public static int Serve(RunOptions options, Func<long, string> command)
    {
        while (Console.ReadLine() is { } line)
        {
            var result = Scenario.Run(options with { Seed = long.Parse(line, CultureInfo.InvariantCulture) });
            var seconds = result.Simulated.TotalSeconds.ToString(CultureInfo.InvariantCulture);
            if (result.Failure is not null)
            {
                Console.WriteLine(Report.Of(result, command(result.Seed)));
            }

            Console.WriteLine($"{(result.Failure is null ? Passed : Failed)}{seconds}");
            if (result.Rule == "determinism")
            {
                // A thread is stuck in this process.
                Environment.Exit(1);
            }
        }

        return 0;
    }

    public WorkerAnswer Ask(long seed)
    {
        using var watch = new Timer(_ => _process.Kill(), null, SeedMax, Timeout.InfiniteTimeSpan);
        var report = new StringBuilder();
        _process.StandardInput.WriteLine(seed.ToString(CultureInfo.InvariantCulture));
        while (_process.StandardOutput.ReadLine() is { } line)
        {
            if (line.StartsWith(Passed, StringComparison.Ordinal) || line.StartsWith(Failed, StringComparison.Ordinal))
            {
                var simulated = TimeSpan.FromSeconds(double.Parse(line[Passed.Length..], CultureInfo.InvariantCulture));
                return new WorkerAnswer(simulated, line[0] == Failed[0] ? report.ToString() : null, _process.HasExited);
            }

            report.AppendLine(line);
        }

        return new WorkerAnswer(TimeSpan.Zero, $"seed {seed} did not come to its end within {SeedMax.TotalMinutes} minutes, or its process ended\n{report}", IsOver: true);
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.StandardInput.Close();
            if (!_process.WaitForExit(2_000))
            {
                _process.Kill();
            }
        }

        _process.Dispose();
    }

    private IEnumerable<string> Arguments()
    {
        yield return "--minutes";
        yield return _options.Duration.TotalMinutes.ToString(CultureInfo.InvariantCulture);
        if (_options.Brokers is { } brokers)
        {
            yield return "--brokers";
            yield return brokers.ToString(CultureInfo.InvariantCulture);
        }

        if (_defect is not null)
        {
            yield return "--defect";
            yield return _defect;
        }
    }
}
