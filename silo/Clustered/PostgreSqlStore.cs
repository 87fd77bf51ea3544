using OrleansBroker.PostgreSql;

namespace OrleansBroker.Silo.Clustered;

/// <summary>A database of PostgreSQL.</summary>
internal sealed class PostgreSqlStore(string connectionString) : IStore
{
    private readonly PostgreSqlDatabase _database = new(connectionString);

    public void AddMembership(ISiloBuilder silo) => silo.UsePostgreSqlMembership(_database);

    public void AddDocuments(ISiloBuilder silo, string storageName) => silo.AddPostgreSqlDocuments(storageName, _database);

    public Task<IReadOnlyList<string>> CheckAsync(CancellationToken cancellation) => _database.CheckAsync(cancellation);
}
