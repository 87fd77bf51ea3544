using OrleansBroker.Compatibility.Tests.Broker;
using OrleansBroker.Compatibility.Tests.Drivers;
using static OrleansBroker.Compatibility.Tests.Drivers.ClientCatalog;

namespace OrleansBroker.Compatibility.Tests;

/// <summary>What a stranger does first.</summary>
public sealed class StoryTests
{
    // silo/run may have to build first.
    private static readonly TimeSpan RunTimeout = TimeSpan.FromMinutes(5);

    [ClientTheory]
    [InlineData(Kcat, KafkaJs)]
    public async Task A_broker_killed_and_started_again_has_every_acknowledged_record_and_every_committed_offset(string producer, string consumer)
    {
        using var directory = new TemporaryDirectory();
        string data = directory.Below("data");
        OutgoingRecord[] records = Unique.Records("story", 300);
        string address;
        await using (SiloProcess silo = await SiloProcess.StartAsync(Run, ["--listen", "127.0.0.1:0", "--data", data], RunTimeout))
        {
            address = silo.Address;
            await using ClientDriver writer = ClientDriver.Start(producer, address);
            await using ClientDriver reader = ClientDriver.Start(consumer, address);
            await writer.ProduceAsync("story", records[..200]);
            await reader.JoinAsync("member", "readers", "story");
            Check.SameInOrder(records[..200], await reader.TakeAsync("member", 200));
            await reader.CommitAsync("member");
            await writer.ProduceAsync("story", records[200..]);
            await silo.KillAsync();
        }

        await using SiloProcess again = await SiloProcess.StartAsync(Run, ["--listen", address, "--data", data], RunTimeout);
        await using ClientDriver successor = ClientDriver.Start(consumer, address);
        long[] committed = await successor.CommittedAsync("readers", "story", 1);
        Assert.Equal([200], committed);
        await successor.JoinAsync("member", "readers", "story");
        Check.SameInOrder(records[200..], await successor.TakeAsync("member", 100));
        Check.SameInOrder(records, await successor.ReadAsync("story", records.Length));
        Assert.Equal(0, await again.StopAsync());
    }

    private static string Run => Path.Combine(Repository.Root, "silo", "run");
}
