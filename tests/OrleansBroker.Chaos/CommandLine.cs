using System.Globalization;

namespace OrleansBroker.Chaos;

/// <summary>What a run is told to do.</summary>
internal sealed record CommandLine
{
    public const string Usage = """
        tests/chaos: three brokers, a process each, under load and faults, and a checker of what they acknowledged.

          --minutes M            how long faults are made (1)
          --seed S               what is done to which broker, and for how long, follows from it (any)
          --clustering C         redis: silos of Orleans on a Redis that is started for the run (the default);
                                 azure: membership and documents in --azure-storage;
                                 localhost: the embedded cluster, by its chaos test
          --fault F,G,...        these faults only; none for none; all is the default. One of
                                 {0}
          --burn                 every processor is kept busy besides
          --azure-storage CONN   with --clustering redis, the documents only
          --data DIR             keep the brokers' data there, and what they wrote
          -- ...                 what follows is given to every silo
        """;

    public double Minutes { get; init; } = 1;

    public int Seed { get; init; } = Environment.TickCount & int.MaxValue;

    public string Clustering { get; init; } = "redis";

    public bool Burn { get; init; }

    public string? AzureStorage { get; init; }

    public string? Data { get; init; }

    public string[] ForSilos { get; init; } = [];

    public bool Help { get; init; }

    /// <summary>Null for all that this machine allows.</summary>
    public Fault[]? Faults { get; init; }

    /// <returns>Null where it cannot be used, for a reason of one line.</returns>
    public static CommandLine? TryParse(string[] arguments, out string problem)
    {
        var line = new CommandLine();
        problem = string.Empty;
        for (var i = 0; i < arguments.Length; i++)
        {
            var name = arguments[i];
            var value = i + 1 < arguments.Length ? arguments[i + 1] : string.Empty;
            if (name is "--burn" or "--help")
            {
                line = name == "--burn" ? line with { Burn = true } : line with { Help = true };
                continue;
            }

            if (name == "--")
            {
                return line with { ForSilos = arguments[(i + 1)..] };
            }

            i++;
            if (line.TryWith(name, value) is not { } more)
            {
                problem = $"{name} {value}: cannot be used; see --help";
                return null;
            }

            line = more;
        }

        problem = "--azure-storage: is needed with --clustering azure";
        return line is { Clustering: "azure", AzureStorage: null, Help: false } ? null : line;
    }

    private CommandLine? TryWith(string name, string value) => name switch
    {
        "--minutes" when double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out var minutes) && minutes >= 0 => this with { Minutes = minutes },
        "--seed" when int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var seed) => this with { Seed = seed },
        "--clustering" when value is "redis" or "azure" => this with { Clustering = value },
        "--azure-storage" when value.Length > 0 => this with { AzureStorage = value },
        "--data" when value.Length > 0 => this with { Data = value },
        "--fault" when value == "all" => this with { Faults = null },
        "--fault" when value == "none" => this with { Faults = [] },
        "--fault" when value.Split(',') is var names && names.All(each => Fault.All.Any(fault => fault.Name == each)) => this with { Faults = [.. Fault.All.Where(fault => names.Contains(fault.Name))] },
        _ => null,
    };
}
