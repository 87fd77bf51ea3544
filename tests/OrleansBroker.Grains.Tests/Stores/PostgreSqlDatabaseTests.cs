using OrleansBroker.Compatibility.Tests.Broker;
using OrleansBroker.PostgreSql;

namespace OrleansBroker.Grains.Tests.Stores;

/// <summary>What a silo finds out about its database before it starts.</summary>
public sealed class PostgreSqlDatabaseTests : IAsyncLifetime
{
    private readonly PostgreSqlServer _server = new();
    private readonly TemporaryDirectory _directory = new();

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        await _server.DisposeAsync();
        _directory.Dispose();
    }

    [StoreFact(Store.PostgreSql)]
    public async Task What_the_database_lacks_is_said_and_how_it_comes_there()
    {
        await _server.InitializeAsync();
        const string remedy = "apply infra/postgresql/orleansbroker.sql";
        Assert.Contains(remedy, await RefusalAsync(), StringComparison.Ordinal);
        var (exitCode, output) = await SiloProcess.RunToEndAsync("--clustering", "localhost", "--storage", "adonet", "--adonet", _server.ConnectionString, "--listen", "127.0.0.1:0", "--data", _directory.Path);
        Assert.Equal((1, $"silo/run: {await RefusalAsync()}"), (exitCode, output));

        await _server.ApplyAsync();
        Assert.Empty(await CheckAsync());
        // Again, as over an older one.
        await _server.SqlAsync("brokers", "-c", "UPDATE orleansbroker.orleansquery SET querytext = '0' WHERE querykey = 'OrleansBrokerSchema'");
        Assert.Contains(remedy, await RefusalAsync(), StringComparison.Ordinal);
        await _server.ApplyAsync();
        Assert.Empty(await CheckAsync());

        await _server.SqlAsync("brokers", "-c", "ALTER TABLE orleansbroker.storage DROP CONSTRAINT storage_key");
        Assert.Contains("no unique index", await RefusalAsync(), StringComparison.Ordinal);
        await _server.SqlAsync("brokers", "-c", "CREATE UNIQUE INDEX ON orleansbroker.storage (serviceid, graintypestring, grainidextensionstring)");
        Assert.Contains("no unique index", await RefusalAsync(), StringComparison.Ordinal);
    }

    [StoreFact(Store.PostgreSql)]
    public async Task A_database_that_may_forget_is_warned_about()
    {
        await _server.InitializeAsync();
        await _server.ApplyAsync();

        await _server.SqlAsync("brokers", "-c", "ALTER DATABASE brokers SET synchronous_commit = off");

        Assert.Contains("synchronous_commit is off", Assert.Single(await CheckAsync()), StringComparison.Ordinal);
    }

    [StoreFact(Store.PostgreSql)]
    public async Task A_database_that_is_down_may_come_back_and_one_that_does_not_exist_does_not()
    {
        await _server.InitializeAsync();
        Assert.Contains("nowhere", await RefusalAsync(";Database=nowhere"), StringComparison.Ordinal);

        await _server.KillAsync();
        await Assert.ThrowsAsync<IOException>(CheckAsync);
        await _server.StartAsync();
        await RefusalAsync();
    }

    [Theory]
    [InlineData("nonsense")]
    [InlineData("Host=a;Colour=red")]
    [InlineData("Database=brokers")]
    public void What_is_no_connection_string_is_refused(string text) => Assert.Throws<ArgumentException>(() => new PostgreSqlDatabase(text));

    private Task<IReadOnlyList<string>> CheckAsync() => new PostgreSqlDatabase(_server.ConnectionString).CheckAsync(default);

    private async Task<string> RefusalAsync(string more = "") =>
        (await Assert.ThrowsAsync<OrleansConfigurationException>(() => new PostgreSqlDatabase(_server.ConnectionString + more).CheckAsync(default))).Message;
}
