using OrleansBroker.Client.Connections;
using OrleansBroker.Protocol;

namespace OrleansBroker.Client.Tests;

public sealed class ConnectionTests
{
    [Fact]
    public async Task A_broker_that_is_advertised_where_none_can_be_cannot_be_reached()
    {
        using var link = new BrokerLink(new BrokerEndpoint("127.0.0.1", 70_000), new ClientOptions { BootstrapServers = "127.0.0.1:1" });

        var failure = await Assert.ThrowsAsync<KafkaException>(async () => await link.ConnectAsync(CancellationToken.None));

        Assert.Equal(ErrorCode.NetworkException, failure.Error);
    }
}
