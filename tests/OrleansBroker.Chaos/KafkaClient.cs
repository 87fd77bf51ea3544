using System.Globalization;
using OrleansBroker.Core.Ports;
using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Messages;
using OrleansBroker.Protocol.Wire;
using OrleansBroker.Server.Network;

namespace OrleansBroker.Chaos;

/// <summary>
/// A client that gives a broker little time to answer and then asks the next one: what it waits for is what the brokers take, and
/// not what a client's own patience adds.
/// </summary>
/// <param name="addresses">Host and port of each broker, as they are at the moment.</param>
internal sealed class KafkaClient(Func<IReadOnlyList<string>> addresses)
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private int _next;

    /// <exception cref="IOException">The broker cannot be reached.</exception>
    /// <exception cref="OperationCanceledException">It did not answer in time.</exception>
    public static async Task<IBrokerConnection> ConnectAsync(string host, int port)
    {
        var id = new BrokerId(0);
        using var patience = new CancellationTokenSource(Patience);
        var view = new ClusterView(1, [new BrokerRegistration(id, 1, 1, Guid.Empty, host, port, null)]);
        return await new BrokerConnector(new FixedMembership(view), "chaos").ConnectAsync(id, patience.Token);
    }

    /// <summary>Asks one broker, over a connection for this request alone.</summary>
    public static async Task<TResponse> AskAsync<TRequest, TResponse>(string address, TRequest request, short version)
        where TRequest : class, IRequest<TResponse>, new()
        where TResponse : class, IWireStruct, new()
    {
        var colon = address.LastIndexOf(':');
        await using var connection = await ConnectAsync(address[..colon], int.Parse(address[(colon + 1)..], CultureInfo.InvariantCulture));
        using var patience = new CancellationTokenSource(Patience);
        return await connection.SendAsync<TRequest, TResponse>(request, version, patience.Token);
    }

    /// <summary>Asks one broker after the other until one answers as it should; null where none does.</summary>
    public async Task<TResponse?> TryAskAnyAsync<TRequest, TResponse>(TRequest request, short version, Func<TResponse, bool> isGood)
        where TRequest : class, IRequest<TResponse>, new()
        where TResponse : class, IWireStruct, new()
    {
        var all = addresses();
        for (var i = 0; i < all.Count; i++)
        {
            try
            {
                var response = await AskAsync<TRequest, TResponse>(all[(int)((uint)Interlocked.Increment(ref _next) % all.Count)], request, version);
                if (isGood(response))
                {
                    return response;
                }
            }
            catch (Exception e) when (e is IOException or OperationCanceledException)
            {
                // The next one may answer.
            }
        }

        return null;
    }

    public Task<MetadataResponse?> TryMetadataAsync(string topic) => TryAskAnyAsync<MetadataRequest, MetadataResponse>(
        new MetadataRequest { Topics = [new() { Name = topic }], AllowAutoTopicCreation = false }, 12, response => response.Topics is [{ ErrorCode: ErrorCode.None }]);

    /// <summary>Whether a broker says that all replicas of a topic are in sync, and all brokers there.</summary>
    public async Task<bool> IsWholeAsync(string topic, int brokers) =>
        await TryMetadataAsync(topic) is { } metadata && metadata.Brokers.Length == brokers
            && metadata.Topics[0].Partitions.All(partition => partition.LeaderId >= 0 && partition.IsrNodes.Length == brokers);

    /// <summary>The end of each partition of a topic, as its leaders say; null where one does not.</summary>
    public async Task<long[]?> TryEndsAsync(string topic)
    {
        if (await TryMetadataAsync(topic) is not { } metadata)
        {
            return null;
        }

        var ends = new long[metadata.Topics[0].Partitions.Length];
        foreach (var partition in metadata.Topics[0].Partitions)
        {
            if (metadata.Brokers.FirstOrDefault(broker => broker.NodeId == partition.LeaderId) is not { } leader)
            {
                return null;
            }

            var response = await AskAsync<ListOffsetsRequest, ListOffsetsResponse>(
                $"{leader.Host}:{leader.Port}",
                new ListOffsetsRequest { ReplicaId = -1, Topics = [new() { Name = topic, Partitions = [new() { PartitionIndex = partition.PartitionIndex, Timestamp = ListOffsetsRequest.LatestTimestamp }] }] },
                6);
            if (response.Topics[0].Partitions[0] is not { ErrorCode: ErrorCode.None } found)
            {
                return null;
            }

            ends[partition.PartitionIndex] = found.Offset;
        }

        return ends;
    }
}
