using System.Buffers.Binary;
using System.Net.Sockets;
using System.Reflection;
using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Messages;
using OrleansBroker.Protocol.Wire;

namespace OrleansBroker.Client.Connections;

/// <summary>
/// The first request on a connection: ApiVersions, in the newest version that this client has. A broker that does not know it
/// answers error 35 in the form of version 0, whatever was asked (KIP-511), and is asked again in the newest that it does know.
/// </summary>
internal static class VersionExchange
{
    private const int CorrelationIdBytes = 4;

    private static readonly string SoftwareVersion =
        typeof(VersionExchange).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "0";

    public static async Task<ApiVersionTable> RunAsync(Socket socket, ClientOptions options, CancellationToken cancellation)
    {
        var version = ApiVersionsRequest.Api.VersionMax;
        while (true)
        {
            var response = await AskAsync(socket, options, version, cancellation).ConfigureAwait(false);
            if (response.ErrorCode == ErrorCode.None)
            {
                return new ApiVersionTable(response);
            }

            var known = Array.Find(response.ApiKeys, api => api.ApiKey == (short)ApiKey.ApiVersions)?.MaxVersion ?? 0;
            if (response.ErrorCode != ErrorCode.UnsupportedVersion || known >= version)
            {
                throw new KafkaException(response.ErrorCode, "the broker does not say which versions it serves");
            }

            version = known;
        }
    }

    private static async Task<ApiVersionsResponse> AskAsync(Socket socket, ClientOptions options, short version, CancellationToken cancellation)
    {
        var request = new ApiVersionsRequest { ClientSoftwareName = "orleansbroker-dotnet", ClientSoftwareVersion = SoftwareVersion };
        var frame = RequestFraming.Write(request, version, correlationId: 0, options.ClientId);
        for (var rest = frame.AsMemory(); !rest.IsEmpty;)
        {
            rest = rest[await socket.SendAsync(rest, SocketFlags.None, cancellation).ConfigureAwait(false)..];
        }

        var size = BinaryPrimitives.ReadInt32BigEndian(await ReceiveAsync(socket, sizeof(int), cancellation).ConfigureAwait(false));
        if (size < CorrelationIdBytes + sizeof(short) || size > options.ResponseBytesMax)
        {
            throw new MalformedMessageException($"a response of {size} bytes");
        }

        var response = await ReceiveAsync(socket, size, cancellation).ConfigureAwait(false);
        var error = (ErrorCode)BinaryPrimitives.ReadInt16BigEndian(response.AsSpan(CorrelationIdBytes));
        return ResponseFraming.Read<ApiVersionsResponse>(response, ApiVersionsRequest.Api, error == ErrorCode.UnsupportedVersion ? (short)0 : version, out _);
    }

    private static async ValueTask<byte[]> ReceiveAsync(Socket socket, int count, CancellationToken cancellation)
    {
        var bytes = new byte[count];
        for (var filled = 0; filled < count;)
        {
            var received = await socket.ReceiveAsync(bytes.AsMemory(filled), SocketFlags.None, cancellation).ConfigureAwait(false);
            filled += received > 0 ? received : throw new IOException("the broker closed the connection");
        }

        return bytes;
    }
}
