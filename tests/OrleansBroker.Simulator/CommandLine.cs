using System.Globalization;
using OrleansBroker.Simulator.Campaigns;
using OrleansBroker.Simulator.Defects;

namespace OrleansBroker.Simulator;

/// <summary>Reads the arguments of <c>tests/simulate</c>.</summary>
internal static class CommandLine
{
    private const string Usage = """
        tests/simulate [--seeds N] [--seed S] [--minutes M] [--brokers N] [--defect NAME] [--trace FILE] [--workers N]
          --seeds N      run N fresh seeds, spread over the cores; without --seed 20 are run
          --seed S       run this one
          --minutes M    simulated minutes with faults, in each run (1)
          --brokers N    how many brokers; by the seed unless given
          --seconds N    begin no further seed after so many seconds of real time
          --defect NAME  with a planted defect switched on, until a seed finds it (in a copy that has them: --plant)
          --plant DIR    copy the sources to DIR and plant all defects of tests/OrleansBroker.Simulator/Defects in them
          --trace FILE   write every event of the run
          --workers N    processes (one a core)
        Exit code 1 where a seed failed.
        """;

    public static int Run(string[] args)
    {
        var isWorker = args.Length > 0 && args[0] == Worker.Argument;
        args = isWorker ? args[1..] : args;
        var arguments = new Dictionary<string, string>();
        for (var i = 0; i + 1 < args.Length; i += 2)
        {
            arguments[args[i]] = args[i + 1];
        }

        string[] known = ["--seeds", "--seed", "--minutes", "--brokers", "--defect", "--trace", "--workers", "--seconds", "--plant"];
        if (args is ["--help"])
        {
            Console.WriteLine(Usage);
            return 0;
        }

        if (args.Length % 2 != 0 || arguments.Keys.Except(known).Any())
        {
            Console.Error.WriteLine(Usage);
            return 2;
        }

        if (arguments.GetValueOrDefault("--plant") is { } target)
        {
            Defect.PlantAll(RootOf(AppContext.BaseDirectory), Path.GetFullPath(target));
            return 0;
        }

        if (arguments.GetValueOrDefault("--defect") is { } defect)
        {
            AppContext.SetSwitch($"defect.{defect}", true);
        }

        var brokers = Number(arguments, "--brokers");
        var minutes = double.Parse(arguments.GetValueOrDefault("--minutes", "1"), CultureInfo.InvariantCulture);
        var options = new RunOptions { Seed = 0, Brokers = (int?)brokers, Duration = TimeSpan.FromMinutes(minutes) };
        if (isWorker)
        {
            return Worker.Serve(options, seed => $"tests/simulate --seed {seed} {string.Join(' ', args)}");
        }

        return Number(arguments, "--seed") is { } seed && !arguments.ContainsKey("--seeds")
            ? RunOne(options with { Seed = seed }, arguments.GetValueOrDefault("--trace"), args)
            : Campaign.Run(options, Number(arguments, "--seeds") ?? 20, Number(arguments, "--seed"), (int)(Number(arguments, "--workers") ?? Environment.ProcessorCount), Number(arguments, "--seconds"), arguments.GetValueOrDefault("--defect"));
    }

    /// <summary>The repository that this was built in.</summary>
    private static string RootOf(string directory) =>
        File.Exists(Path.Combine(directory, "global.json")) ? directory : RootOf(Path.GetDirectoryName(directory) ?? throw new DirectoryNotFoundException("not built in the repository"));

    private static long? Number(Dictionary<string, string> arguments, string name) =>
        arguments.TryGetValue(name, out var text) ? long.Parse(text, CultureInfo.InvariantCulture) : null;

    private static int RunOne(RunOptions options, string? trace, string[] args)
    {
        using var file = trace is null ? null : new StreamWriter(trace);
        var result = Scenario.Run(options with { Trace = file });
        Console.WriteLine(Report.Of(result, $"tests/simulate {string.Join(' ', args)}"));
        return result.Failure is null ? 0 : 1;
    }
}
