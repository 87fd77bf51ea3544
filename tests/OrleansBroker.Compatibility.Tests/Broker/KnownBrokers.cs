using System.Buffers.Binary;
using System.Net.Sockets;

namespace OrleansBroker.Compatibility.Tests.Broker;

/// <summary>Asks a broker with a Metadata request, by hand: no client is needed to know whether a cluster is whole.</summary>
internal static class KnownBrokers
{
    // Size, API 3, version 1, correlation id 0, no client id, an empty array of topics.
    private static readonly byte[] Request = [0, 0, 0, 14, 0, 3, 0, 1, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 0, 0];

    public static async Task<int> CountAsync(string address)
    {
        using var client = new TcpClient();
        int colon = address.LastIndexOf(':');
        await client.ConnectAsync(address[..colon], int.Parse(address[(colon + 1)..], System.Globalization.CultureInfo.InvariantCulture));
        NetworkStream stream = client.GetStream();
        await stream.WriteAsync(Request);

        // Size, correlation id, count of brokers.
        byte[] head = new byte[12];
        await stream.ReadExactlyAsync(head);
        return BinaryPrimitives.ReadInt32BigEndian(head.AsSpan(8));
    }
}
