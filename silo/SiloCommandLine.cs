using System.Globalization;

namespace OrleansBroker.Silo;

/// <summary>What the command line says of a broker that is a silo of Orleans.</summary>
internal sealed record SiloCommandLine
{
    private const int FirstSiloPort = 11111;

    private static readonly string[] Names = ["--clustering", "--broker-id", "--cluster", "--storage", "--redis", "--adonet", "--azure-storage", "--silo-listen", "--gateway-port"];

    // Where a cluster's membership can be, and where its documents.
    private static readonly string[] Memberships = ["localhost", "redis", "adonet", "azure"];
    private static readonly string[] Storages = ["files", "redis", "adonet", "azure"];

    /// <summary>Null where node.id or broker.id of the configuration says it.</summary>
    public int? BrokerId { get; init; }

    public string Cluster { get; init; } = "orleansbroker";

    /// <summary>One of <see cref="Memberships"/>; null where it is not given.</summary>
    public string? Clustering { get; init; }

    /// <summary>One of <see cref="Storages"/>; null where it follows from <see cref="Clustering"/>.</summary>
    public string? Storage { get; init; }

    /// <summary>A configuration of StackExchange.Redis.</summary>
    public string? Redis { get; init; }

    /// <summary>A connection string of Npgsql.</summary>
    public string? AdoNet { get; init; }

    /// <summary>A connection string of Azure Storage.</summary>
    public string? AzureStorage { get; init; }

    public (string Host, int Port)? Listen { get; init; }

    /// <summary>0 for none.</summary>
    public int GatewayPort { get; init; }

    public string ClusteringOrDefault => Clustering ?? "localhost";

    public string StorageOrDefault => Storage ?? (ClusteringOrDefault == "localhost" ? "files" : ClusteringOrDefault);

    /// <summary>The silo is the only one of its cluster, and stays it.</summary>
    public bool IsAlone => ClusteringOrDefault == "localhost";

    /// <summary>Somebody outside may call the silo, and is to find it.</summary>
    public bool IsCalled => Listen is not null || GatewayPort > 0;

    /// <summary>Whether anything is said that a broker has use for only as a silo.</summary>
    public bool IsNamed => Clustering is not null || Storage is not null || IsStoreNamed || IsClusterNamed || Listen is not null || GatewayPort > 0;

    public bool IsClusterNamed { get; init; }

    private bool IsStoreNamed => Redis is not null || AdoNet is not null || AzureStorage is not null;

    public static bool Knows(string name) => Names.Contains(name);

    public static SiloCommandLine? TryWith(SiloCommandLine silo, GivenOption option, out string problem)
    {
        problem = string.Empty;
        var value = option.Value;
        switch (option.Name)
        {
            case "--clustering" when Memberships.Contains(value):
                return silo with { Clustering = value };
            case "--clustering":
                problem = $"{option}: not one of {string.Join(", ", Memberships)}";
                return null;
            case "--storage" when Storages.Contains(value):
                return silo with { Storage = value };
            case "--storage":
                problem = $"{option}: not one of {string.Join(", ", Storages)}";
                return null;
            case "--broker-id" when int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var id):
                return silo with { BrokerId = id };
            case "--broker-id":
                problem = $"{option}: not a number from 0 on";
                return null;
            case "--cluster" when value.Trim().Length > 0:
                return silo with { Cluster = value.Trim(), IsClusterNamed = true };
            case "--redis":
                return silo with { Redis = value };
            case "--adonet":
                return silo with { AdoNet = value };
            case "--azure-storage":
                return silo with { AzureStorage = value };
            case "--silo-listen" when CommandLine.TryParseEndpoint(value, out var host, out var port):
                return silo with { Listen = (host, port) };
            case "--silo-listen":
                problem = $"{option}: not of the form HOST:PORT";
                return null;
            case "--gateway-port" when ushort.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var gateway):
                return silo with { GatewayPort = gateway };
            default:
                problem = $"{option}: not a value for it";
                return null;
        }
    }

    /// <summary>What the options do not say together; null where they can be used.</summary>
    public string? FindProblem(CommandLine whole)
    {
        if (IsNamed && whole.Brokers > 1)
        {
            return "--brokers: not with --clustering, where each silo is one broker";
        }

        // Somebody who means a cluster would be alone, and not know it.
        if (Clustering is null && (IsStoreNamed || Storage is not null || IsClusterNamed || Listen is not null))
        {
            return "--clustering: is needed with --cluster, --storage, --redis, --adonet, --azure-storage and --silo-listen";
        }

        if (StorageOrDefault == "files" && !IsAlone)
        {
            return "--storage files: only with --clustering localhost, as other silos cannot read them";
        }

        return FindProblem(ClusteringOrDefault) ?? FindProblem(StorageOrDefault);
    }

    /// <summary>The option that says how to connect to a store.</summary>
    public static string ConnectionOptionOf(string store) => store == "azure" ? "--azure-storage" : $"--{store}";

    private string? FindProblem(string store)
    {
        var isGiven = store switch { "redis" => Redis, "adonet" => AdoNet, "azure" => AzureStorage, _ => store } is not null;
        return isGiven ? null : $"{ConnectionOptionOf(store)}: is needed with --clustering {store} and with --storage {store}";
    }

    /// <summary>Where other silos connect.</summary>
    public (string Host, int Port) ListenOrDefault(string brokerHost, int brokerId) => Listen ?? (brokerHost, FirstSiloPort + brokerId);
}
