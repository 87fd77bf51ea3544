namespace OrleansBroker.Server.Tests;

[Collection(MeasuringTests.Name)]
public sealed class MemoryTests
{
    [Fact]
    public async Task A_large_size_alone_takes_no_memory()
    {
        await using var broker = new TestBroker();
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var clients = new List<TestClient>();
        for (var i = 0; i < 50; i++)
        {
            var client = broker.Connect();
            client.Send([0x06, 0x00, 0x00, 0x00, 0, 0]);
            clients.Add(client);
        }

        using var other = broker.Connect();
        other.ApiVersions();
        Assert.InRange(GC.GetTotalMemory(forceFullCollection: true) - before, long.MinValue, 30 << 20);
        clients.ForEach(client => client.Dispose());
    }
}
