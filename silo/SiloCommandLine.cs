using System.Globalization;

namespace OrleansBroker.Silo;

/// <summary>What the command line says of a broker that is a silo of Orleans.</summary>
internal sealed record SiloCommandLine
{
    private const int FirstSiloPort = 11111;

    private static readonly string[] Names = ["--clustering", "--broker-id", "--cluster", "--storage", "--redis", "--silo-listen", "--gateway-port"];

    /// <summary>Null where node.id or broker.id of the configuration says it.</summary>
    public int? BrokerId { get; init; }

    public string Cluster { get; init; } = "orleansbroker";

    /// <summary>localhost or redis; null where it is not given, which is refused.</summary>
    public string? Clustering { get; init; }

    /// <summary>files or redis; null where it follows from <see cref="Clustering"/>.</summary>
    public string? Storage { get; init; }

    public string? Redis { get; init; }

    public (string Host, int Port)? Listen { get; init; }

    /// <summary>0 for none.</summary>
    public int GatewayPort { get; init; }

    public string StorageOrDefault => Storage ?? (Clustering == "localhost" ? "files" : Clustering!);

    public static bool Knows(string name) => Names.Contains(name);

    public static SiloCommandLine? TryWith(SiloCommandLine silo, string name, string value, out string problem)
    {
        problem = string.Empty;
        switch (name)
        {
            case "--clustering" when value is "localhost" or "redis":
                return silo with { Clustering = value };
            case "--clustering":
                problem = $"--clustering {value}: not one of localhost, redis";
                return null;
            case "--storage" when value is "files" or "redis":
                return silo with { Storage = value };
            case "--storage":
                problem = $"--storage {value}: not one of files, redis";
                return null;
            case "--broker-id" when int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var id):
                return silo with { BrokerId = id };
            case "--broker-id":
                problem = $"--broker-id {value}: not a number from 0 on";
                return null;
            case "--cluster" when value.Trim().Length > 0:
                return silo with { Cluster = value.Trim() };
            case "--redis":
                return silo with { Redis = value };
            case "--silo-listen" when CommandLine.TryParseEndpoint(value, out var host, out var port):
                return silo with { Listen = (host, port) };
            case "--silo-listen":
                problem = $"--silo-listen {value}: not of the form HOST:PORT";
                return null;
            case "--gateway-port" when ushort.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var gateway):
                return silo with { GatewayPort = gateway };
            default:
                problem = $"{name} {value}: not a value for it";
                return null;
        }
    }

    /// <summary>What the options do not say together; null where they can be used.</summary>
    public string? FindProblem(CommandLine whole)
    {
        if (Clustering is null)
        {
            return "--clustering: is needed for a broker that is a silo";
        }

        if (whole.Brokers > 1)
        {
            return "--brokers: not with --clustering, where each silo is one broker";
        }

        if (StorageOrDefault == "files" && Clustering != "localhost")
        {
            return "--storage files: only with --clustering localhost, as other silos cannot read them";
        }

        return Redis is null && (Clustering == "redis" || StorageOrDefault == "redis") ? "--redis: is needed with --clustering redis and --storage redis" : null;
    }

    /// <summary>Where other silos connect.</summary>
    public (string Host, int Port) ListenOrDefault(string brokerHost, int brokerId) => Listen ?? (brokerHost, FirstSiloPort + brokerId);
}
