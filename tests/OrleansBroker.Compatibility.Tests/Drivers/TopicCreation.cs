namespace OrleansBroker.Compatibility.Tests.Drivers;

/// <summary>Creates topics for clients that cannot themselves.</summary>
internal static class TopicCreation
{
    /// <summary>Creates a topic with the driver's own client, or with another where it offers no such call.</summary>
    public static async Task CreateFirstAsync(this ClientDriver driver, string brokerAddress, string topic, int partitions = 1, object? configs = null)
    {
        if (driver.Name != ClientCatalog.Kcat)
        {
            await driver.CreateTopicAsync(topic, partitions, configs);
            return;
        }
        string other = ClientCatalog.All.Skip(1).First(client => ClientCatalog.Get(client).Missing is null);
        await using ClientDriver creator = ClientDriver.Start(other, brokerAddress);
        await creator.CreateTopicAsync(topic, partitions, configs);
    }
}
