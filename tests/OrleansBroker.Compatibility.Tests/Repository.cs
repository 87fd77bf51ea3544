using System.Reflection;

namespace OrleansBroker.Compatibility.Tests;

/// <summary>Where the tree lies that these tests were built from.</summary>
internal static class Repository
{
    public static string Root { get; } = Metadata("Repository");

    public static string ClientsDirectory { get; } = Path.Combine(Root, "tests", "OrleansBroker.Compatibility.Tests", "clients");

    public static string SiloPath { get; } = Path.Combine(Root, "silo", "bin", Metadata("Configuration"), "net10.0", "OrleansBroker.Silo.dll");

    public static string TestClusterPath { get; } = Path.Combine(Root, "tests", "OrleansBroker.TestCluster", "bin", Metadata("Configuration"), "net10.0", "OrleansBroker.TestCluster.dll");

    /// <summary>Whether brokers can be silos.</summary>
    public static bool HasOrleans => bool.Parse(Metadata("OrleansPackages"));

    private static string Metadata(string key) => typeof(Repository).Assembly
        .GetCustomAttributes<AssemblyMetadataAttribute>()
        .First(attribute => attribute.Key == key).Value!;
}
