using Npgsql;

namespace OrleansBroker.PostgreSql;

/// <summary>A database with what infra/postgresql/orleansbroker.sql makes in it.</summary>
public sealed class PostgreSqlDatabase
{
    private const string Script = "infra/postgresql/orleansbroker.sql";
    private const string Schema = "orleansbroker";
    private const int SchemaVersion = 1;

    // As long as brokers wait for a document: who waits longer for the database only holds its connections.
    private const int AnswerWithinSeconds = 5;

    private const string SchemaVersionQuery = $"SELECT querytext::integer FROM {Schema}.orleansquery WHERE querykey = 'OrleansBrokerSchema'";

    // Over all columns that make a document's key, no more and no fewer, and over all rows.
    private const string UniqueIndexQuery = $"""
        SELECT EXISTS (
            SELECT FROM pg_index AS i
            WHERE i.indrelid = '{Schema}.storage'::regclass AND i.indisunique AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL
                AND (SELECT array_agg(a.attname::text ORDER BY a.attname) FROM pg_attribute AS a WHERE a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey))
                    = ARRAY['grainidextensionstring', 'grainidhash', 'grainidn0', 'grainidn1', 'graintypestring', 'serviceid'])
        """;

    // Each as it is for connections like this one.
    private const string ForgetfulSettingsQuery = """
        SELECT name || ' is ' || setting FROM pg_settings
        WHERE setting = 'off' AND name IN ('fsync', 'full_page_writes', 'synchronous_commit') ORDER BY name
        """;

    private readonly string _address;

    /// <exception cref="ArgumentException">It is not a connection string of Npgsql.</exception>
    public PostgreSqlDatabase(string connectionString)
    {
        var connection = new NpgsqlConnectionStringBuilder(connectionString) { SearchPath = Schema };
        if (string.IsNullOrEmpty(connection.Host))
        {
            throw new ArgumentException("Host is not given");
        }

        connection.ApplicationName ??= "OrleansBroker";
        connection.Timeout = connection.ShouldSerialize("Timeout") ? connection.Timeout : AnswerWithinSeconds;
        connection.CommandTimeout = connection.ShouldSerialize("Command Timeout") ? connection.CommandTimeout : AnswerWithinSeconds;
        ConnectionString = connection.ConnectionString;
        _address = $"{connection.Database} at {connection.Host}";
    }

    internal string ConnectionString { get; }

    /// <summary>Asks the database whether brokers can rely on it.</summary>
    /// <returns>One line for each setting under which it may forget what it acknowledged.</returns>
    /// <exception cref="OrleansConfigurationException">It cannot be used as it is: a line that says why.</exception>
    /// <exception cref="IOException">It cannot be asked now.</exception>
    public async Task<IReadOnlyList<string>> CheckAsync(CancellationToken cancellation)
    {
        try
        {
            await using var source = NpgsqlDataSource.Create(ConnectionString);
            await using var connection = await source.OpenConnectionAsync(cancellation);
            await CheckSchemaAsync(connection, cancellation);
            return [.. (await ReadAsync<string>(connection, ForgetfulSettingsQuery, cancellation)).Select(setting => $"{setting}: it may forget what it acknowledged")];
        }
        catch (PostgresException e) when (!e.IsTransient)
        {
            throw new OrleansConfigurationException($"the database {_address}: {e.MessageText}", e);
        }
        catch (NpgsqlException e)
        {
            throw new IOException($"the database {_address}: {(e.InnerException ?? e).Message}", e);
        }
    }

    private async Task CheckSchemaAsync(NpgsqlConnection connection, CancellationToken cancellation)
    {
        try
        {
            var versions = await ReadAsync<int>(connection, SchemaVersionQuery, cancellation);
            if (versions is not [>= SchemaVersion])
            {
                throw new OrleansConfigurationException($"the database {_address} has an older schema {Schema}: apply {Script}");
            }

            if (await ReadAsync<bool>(connection, UniqueIndexQuery, cancellation) is not [true])
            {
                throw new OrleansConfigurationException($"the database {_address} has no unique index over the key of {Schema}.storage: apply {Script} once the table is dropped");
            }
        }
        catch (PostgresException e) when (e.SqlState is PostgresErrorCodes.UndefinedTable or PostgresErrorCodes.InvalidSchemaName)
        {
            throw new OrleansConfigurationException($"the database {_address} lacks tables of the schema {Schema}: apply {Script}", e);
        }
    }

    private static async Task<List<T>> ReadAsync<T>(NpgsqlConnection connection, string query, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(query, connection);
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        var rows = new List<T>();
        while (await reader.ReadAsync(cancellation))
        {
            rows.Add(await reader.GetFieldValueAsync<T>(0, cancellation));
        }

        return rows;
    }
}
