using System.Globalization;
using Microsoft.Extensions.Logging;

namespace OrleansBroker.Silo;

/// <summary>What the command line says, checked for form only: what the values mean is the broker configuration's business.</summary>
internal sealed record CommandLine
{
    public const string Usage = """
        usage: silo/run [options]
               silo/run decommission --broker-id N [--bootstrap HOST:PORT] [--cancel]

          --listen HOST:PORT      where clients connect (default 127.0.0.1:9092; port 0 picks a free one)
          --advertise HOST:PORT   what clients are told to connect to (default: as --listen)
          --data DIR              where records and metadata are kept (default ./data)
          --runtime WHICH         what runs the broker: silo, as one of Orleans (default), or embedded, without Orleans
          --brokers N             run a cluster of N brokers in this process, embedded, on consecutive ports from --listen,
                                  each with its own directory below --data (default 1)
          --rack NAME[,NAME...]   the racks that the brokers stand in, in order; may be given again and again
          --clustering WHICH      where the silos of a cluster find each other: localhost (this silo alone, the default), redis,
                                  adonet (PostgreSQL), azure (Azure Storage)
          --broker-id N           this broker's number in the cluster (default: node.id of the configuration;
                                  0 with localhost)
          --cluster NAME          the cluster that the silo joins (default orleansbroker)
          --storage WHICH         where the cluster's documents are: files (below --data; one silo alone), redis, adonet,
                                  azure (default: files with localhost, otherwise as --clustering)
          --redis HOST:PORT       Redis, with further options of StackExchange.Redis behind commas
          --adonet CONNECTION     PostgreSQL, as a connection string of Npgsql; infra/postgresql has what it needs
          --azure-storage CONNECTION
                                  Azure Storage, as its connection string: a table, and blobs for the documents
          --silo-listen HOST:PORT where other silos connect (default: the host of --listen, port 11111 + broker id;
                                  nowhere with localhost)
          --gateway-port PORT     where Orleans clients connect (default 0: nowhere)
          --set NAME=VALUE        a broker configuration by Kafka's name; may be given again and again
          --config FILE           broker configurations in Kafka's properties format, and options; --set comes after it
          --log LEVEL             what to log: error, warning (default), information, debug
          --help                  this text

        An option can also be given as an environment variable, ORLEANSBROKER_SILO_LISTEN for --silo-listen, or in the file,
        orleansbroker.silo.listen. The command line wins over the environment, and that over the file.
        Prints one line for each broker that is ready, and stops on SIGTERM and Ctrl-C.
        """;

    /// <summary>Whatever else is said, it is not looked at.</summary>
    public const string HelpOption = "--help";

    private const int BrokersMax = 100;

    public bool Help { get; init; }

    /// <summary>Null where the option is not given.</summary>
    public string? Listen { get; init; }

    /// <inheritdoc cref="Listen"/>
    public string? Advertise { get; init; }

    /// <inheritdoc cref="Listen"/>
    public string? Data { get; init; }

    /// <summary>The configuration file; null where there is none.</summary>
    public string? File { get; init; }

    /// <summary>What the file says to the broker, in its order.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> FileSettings { get; init; } = [];

    /// <summary>silo or embedded; null where it follows from the rest.</summary>
    public string? Runtime { get; init; }

    /// <summary>1 unless given.</summary>
    public int Brokers { get; init; } = 1;

    /// <summary>Of each broker, in order.</summary>
    public IReadOnlyList<string> Racks { get; init; } = [];

    /// <summary>What the broker is told as a silo.</summary>
    public SiloCommandLine Silo { get; init; } = new();

    /// <summary>Whether the broker is a silo, where this build has Orleans or was asked for it.</summary>
    public bool IsSilo => Runtime == "silo" || Silo.IsNamed || (Runtime is null && Brokers == 1 && HasOrleans);

    /// <summary>Names and values of the command line, in the order in which they were given.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Settings { get; init; } = [];

    public LogLevel LogLevel { get; init; } = LogLevel.Warning;

    private static bool HasOrleans =>
#if ORLEANS
        true;
#else
        false;
#endif

    /// <summary>Takes what was given; where it is not of the form that <see cref="Usage"/> shows, <paramref name="problem"/> says why in one line.</summary>
    public static CommandLine? TryParse(OptionSources given, out string problem)
    {
        problem = string.Empty;
        var settings = new List<KeyValuePair<string, string>>();
        var parsed = new CommandLine { File = given.File, FileSettings = given.Settings };
        foreach (var option in given.Options)
        {
            if (parsed.With(option, settings, out problem) is not { } next)
            {
                return null;
            }

            parsed = next;
        }

        problem = parsed.FindProblem() ?? string.Empty;
        return problem.Length > 0 ? null : parsed with { Settings = settings };
    }

    /// <summary>Splits <c>HOST:PORT</c> or <c>[IPV6]:PORT</c>.</summary>
    public static bool TryParseEndpoint(string text, out string host, out int port)
    {
        var colon = text.LastIndexOf(':');
        host = colon < 0 ? string.Empty : text[..colon].TrimStart('[').TrimEnd(']');
        port = 0;
        return colon > 0 && host.Length > 0
            && int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out port) && port <= ushort.MaxValue;
    }

    /// <summary>What the options do not say together; null where they can be used.</summary>
    private string? FindProblem() =>
        Brokers > 1 && Runtime == "silo" ? "--brokers: not with --runtime silo, where each silo is one broker"
        : Runtime == "embedded" && Silo.IsNamed ? "--runtime embedded: without Orleans, and so without --clustering and what belongs to it"
        : Silo.FindProblem(this);

    private CommandLine? With(GivenOption option, List<KeyValuePair<string, string>> settings, out string problem)
    {
        problem = string.Empty;
        var value = option.Value;
        switch (option.Name)
        {
            case HelpOption:
                return this with { Help = true };
            case "--listen" or "--advertise" when !TryParseEndpoint(value, out _, out _):
                problem = $"{option}: not of the form HOST:PORT";
                return null;
            case "--listen":
                return this with { Listen = value };
            case "--advertise":
                return this with { Advertise = value };
            case "--data":
                return this with { Data = value };
            case "--runtime" when value is "silo" or "embedded":
                return this with { Runtime = value };
            case "--runtime":
                problem = $"{option}: not one of silo, embedded";
                return null;
            case "--brokers" when int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var brokers) && brokers is >= 1 and <= BrokersMax:
                return this with { Brokers = brokers };
            case "--brokers":
                problem = $"{option}: not a number from 1 to {BrokersMax}";
                return null;
            case "--rack":
                return this with { Racks = [.. Racks, .. value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)] };
            case "--config":
                return this;
            case var name when SiloCommandLine.Knows(name):
                return SiloCommandLine.TryWith(Silo, option, out problem) is { } silo ? this with { Silo = silo } : null;
            case "--set" when value.IndexOf('=', StringComparison.Ordinal) is > 0 and var equals:
                settings.Add(new(value[..equals].Trim(), value[(equals + 1)..].Trim()));
                return this;
            case "--set":
                problem = $"{option}: not of the form NAME=VALUE";
                return null;
            case "--log" when Enum.TryParse<LogLevel>(value, ignoreCase: true, out var level):
                return this with { LogLevel = level };
            case "--log":
                problem = $"{option}: not one of error, warning, information, debug";
                return null;
            default:
                problem = $"{option.WrittenAs}: no such option (see --help)";
                return null;
        }
    }
}
