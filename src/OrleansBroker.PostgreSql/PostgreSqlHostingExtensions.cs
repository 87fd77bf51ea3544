namespace OrleansBroker.PostgreSql;

/// <summary>A cluster on PostgreSQL: membership, documents or both in tables of a database.</summary>
public static class PostgreSqlHostingExtensions
{
    private const string Invariant = "Npgsql";

    /// <summary>Keeps who is a member of the cluster in the database.</summary>
    public static ISiloBuilder UsePostgreSqlMembership(this ISiloBuilder silo, PostgreSqlDatabase database) =>
        silo.UseAdoNetClustering(options => (options.Invariant, options.ConnectionString) = (Invariant, database.ConnectionString));

    /// <summary>Keeps grain storage of a name in the database.</summary>
    public static ISiloBuilder AddPostgreSqlDocuments(this ISiloBuilder silo, string storageName, PostgreSqlDatabase database) =>
        silo.AddAdoNetGrainStorage(storageName, options =>
        {
            (options.Invariant, options.ConnectionString) = (Invariant, database.ConnectionString);
            // Versions are never given twice: no row has to be kept for what is gone.
            options.DeleteStateOnClear = true;
        });
}
