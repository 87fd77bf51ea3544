using System.Globalization;
using Microsoft.Extensions.Logging;

namespace OrleansBroker.Silo;

/// <summary>What the command line says, checked for form only: what the values mean is the broker configuration's business.</summary>
internal sealed record CommandLine
{
    public const string Usage = """
        usage: silo/run [options]

          --listen HOST:PORT      where clients connect (default 127.0.0.1:9092; port 0 picks a free one)
          --advertise HOST:PORT   what clients are told to connect to (default: as --listen)
          --data DIR              where records and metadata are kept (default ./data)
          --brokers N             run a cluster of N brokers in this process, on consecutive ports from --listen,
                                  each with its own directory below --data (default 1)
          --rack NAME[,NAME...]   the racks that the brokers stand in, in order; may be given again and again
          --clustering WHICH      run the broker as a silo of Orleans, and keep the membership in: localhost (this silo alone),
                                  redis
          --broker-id N           this broker's number in the cluster (default: node.id of the configuration;
                                  0 with localhost)
          --cluster NAME          the cluster that the silo joins (default orleansbroker)
          --storage WHICH         where the cluster's documents are: files (below --data; one silo alone), redis
                                  (default: files with localhost, otherwise as --clustering)
          --redis HOST:PORT       Redis, with further options of StackExchange.Redis behind commas
          --silo-listen HOST:PORT where other silos connect (default: the host of --listen, port 11111 + broker id)
          --gateway-port PORT     where Orleans clients connect (default 0: nowhere)
          --set NAME=VALUE        a broker configuration by Kafka's name; may be given again and again
          --config FILE           broker configurations in Kafka's properties format; --set comes after it
          --log LEVEL             what to log: error, warning (default), information, debug
          --help                  this text

        An option can also be given as an environment variable, ORLEANSBROKER_BROKER_ID for --broker-id; the command line wins.
        Prints one line for each broker that is ready, and stops on SIGTERM and Ctrl-C.
        """;

    private const int BrokersMax = 100;

    public bool Help { get; init; }

    /// <summary>Null where the option is not given.</summary>
    public string? Listen { get; init; }

    /// <inheritdoc cref="Listen"/>
    public string? Advertise { get; init; }

    /// <inheritdoc cref="Listen"/>
    public string? Data { get; init; }

    /// <inheritdoc cref="Listen"/>
    public string? ConfigFile { get; init; }

    /// <summary>1 unless given.</summary>
    public int Brokers { get; init; } = 1;

    /// <summary>Of each broker, in order.</summary>
    public IReadOnlyList<string> Racks { get; init; } = [];

    /// <summary>What the broker is told as a silo; null where it is none.</summary>
    public SiloCommandLine? Silo { get; init; }

    /// <summary>Names and values in the order in which they were given.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Settings { get; init; } = [];

    public LogLevel LogLevel { get; init; } = LogLevel.Warning;

    /// <summary>Reads the arguments; where they are not of the form that <see cref="Usage"/> shows, <paramref name="problem"/> says why in one line.</summary>
    public static CommandLine? TryParse(IReadOnlyList<string> arguments, out string problem)
    {
        problem = string.Empty;
        var parsed = new CommandLine();
        var settings = new List<KeyValuePair<string, string>>();
        for (var i = 0; i < arguments.Count; i++)
        {
            var (name, value) = Split(arguments[i]);
            if (name is "--help" or "-h")
            {
                return new CommandLine { Help = true };
            }

            if (value is null && ++i < arguments.Count)
            {
                value = arguments[i];
            }

            if (value is null)
            {
                problem = $"{name} needs a value";
                return null;
            }

            var next = parsed.With(name, value, settings, out problem);
            if (next is null)
            {
                return null;
            }

            parsed = next;
        }

        problem = parsed.Silo?.FindProblem(parsed) ?? string.Empty;
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

    private static (string Name, string? Value) Split(string argument)
    {
        var equals = argument.IndexOf('=', StringComparison.Ordinal);
        return argument.StartsWith("--", StringComparison.Ordinal) && equals > 0
            ? (argument[..equals], argument[(equals + 1)..])
            : (argument, null);
    }

    private CommandLine? With(string name, string value, List<KeyValuePair<string, string>> settings, out string problem)
    {
        problem = string.Empty;
        switch (name)
        {
            case "--listen" or "--advertise" when !TryParseEndpoint(value, out _, out _):
                problem = $"{name} {value}: not of the form HOST:PORT";
                return null;
            case "--listen":
                return this with { Listen = value };
            case "--advertise":
                return this with { Advertise = value };
            case "--data":
                return this with { Data = value };
            case "--brokers" when int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var brokers) && brokers is >= 1 and <= BrokersMax:
                return this with { Brokers = brokers };
            case "--brokers":
                problem = $"--brokers {value}: not a number from 1 to {BrokersMax}";
                return null;
            case "--rack":
                return this with { Racks = [.. Racks, .. value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)] };
            case "--config":
                return this with { ConfigFile = value };
            case var _ when SiloCommandLine.Knows(name):
                return SiloCommandLine.TryWith(Silo ?? new(), name, value, out problem) is { } silo ? this with { Silo = silo } : null;
            case "--set":
                var equals = value.IndexOf('=', StringComparison.Ordinal);
                if (equals <= 0)
                {
                    problem = $"--set {value}: not of the form NAME=VALUE";
                    return null;
                }

                settings.Add(new(value[..equals].Trim(), value[(equals + 1)..].Trim()));
                return this;
            case "--log" when Enum.TryParse<LogLevel>(value, ignoreCase: true, out var level):
                return this with { LogLevel = level };
            case "--log":
                problem = $"--log {value}: not one of error, warning, information, debug";
                return null;
            default:
                problem = $"{name}: no such option (see --help)";
                return null;
        }
    }
}
