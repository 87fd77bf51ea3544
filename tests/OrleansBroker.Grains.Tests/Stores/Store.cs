using OrleansBroker.Grains.Tests.Processes;

namespace OrleansBroker.Grains.Tests.Stores;

/// <summary>What can keep the documents of a cluster, and is there or not where the tests run.</summary>
internal static class Store
{
    public const string Redis = "Redis";
    public const string PostgreSql = "PostgreSQL";
    public const string AzureBlobs = "Azure blobs";

#if AZURE
    private const string? WhyNoAzure = null;
#else
    private const string? WhyNoAzure = "the packages for Azure Storage cannot be restored here";
#endif

    /// <summary>Null where it can be had.</summary>
    public static string? WhyMissing(string store) => store switch
    {
        Redis => RedisServer.Program is null ? "redis-server is not installed" : null,
        PostgreSql => PostgreSqlServer.Programs is null ? "PostgreSQL is not installed" : null,
        AzureBlobs => WhyNoAzure ?? (AzuriteServer.IsThere ? null : "Azurite is not installed"),
        _ => throw new ArgumentException(store),
    };
}
