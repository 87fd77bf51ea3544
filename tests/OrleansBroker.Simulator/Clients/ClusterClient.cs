using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Messages;
using OrleansBroker.Protocol.Wire;
using OrleansBroker.Simulator.Engine;
using OrleansBroker.Simulator.Network;

namespace OrleansBroker.Simulator.Clients;

/// <summary>What every client does alike: connections by broker, who leads what, and asking again after a pause.</summary>
internal sealed class ClusterClient(SimulatedNetwork network, SimulatedProcess process, int host, int brokers, string clientId)
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(6);
    private static readonly TimeSpan MetadataAgeMax = TimeSpan.FromSeconds(5);

    private readonly SortedDictionary<int, ClientConnection> _connections = [];
    private readonly Dictionary<TopicPartition, (int Leader, int Epoch)> _leaders = [];
    private readonly Dictionary<string, int> _partitions = [];
    private TimeSpan _refreshed = TimeSpan.FromDays(-1);

    public SimulatedProcess Process => process;

    public Chance Chance => process.Chance;

    public World World => network.World;

    public int Host => host;

    public Task Delay(int milliseconds) => Task.Delay(TimeSpan.FromMilliseconds(milliseconds), process.Clock);

    /// <summary>Waits as a client does before it tries again.</summary>
    public Task BackOff() => Delay(Chance.Between(30, 300));

    /// <exception cref="IOException">There was no answer.</exception>
    public async Task<TResponse> CallAsync<TRequest, TResponse>(int broker, TRequest request, short version, TimeSpan? patience = null)
        where TRequest : class, IRequest<TResponse>, new()
        where TResponse : class, IWireStruct, new()
    {
        var connection = await ConnectionAsync(broker);
        return await connection.CallAsync<TRequest, TResponse>(request, version, patience ?? Patience);
    }

    /// <summary>Sends what has no answer.</summary>
    public async Task SendAsync<TRequest>(int broker, TRequest request, short version)
        where TRequest : IRequest =>
        (await ConnectionAsync(broker)).Send(request, version);

    /// <summary>Sees to it that there is a connection: what is sent right after this goes over it, in order.</summary>
    /// <exception cref="IOException">The broker cannot be reached.</exception>
    public Task ConnectAsync(int broker) => ConnectionAsync(broker);

    /// <summary>The leader of a partition as far as this client knows; -1 where there is none.</summary>
    public async Task<(int Leader, int Epoch)> LeaderAsync(TopicPartition partition)
    {
        if (!_leaders.TryGetValue(partition, out var leader) || leader.Leader < 0 || World.Now - _refreshed > MetadataAgeMax)
        {
            await RefreshAsync();
            leader = _leaders.GetValueOrDefault(partition, (-1, -1));
        }

        return leader;
    }

    /// <summary>How many partitions a topic has, 0 while that is not known.</summary>
    public async Task<int> PartitionsAsync(string topic)
    {
        if (!_partitions.ContainsKey(topic) || World.Now - _refreshed > MetadataAgeMax)
        {
            await RefreshAsync();
        }

        return _partitions.GetValueOrDefault(topic);
    }

    /// <summary>The next question about a leader asks a broker.</summary>
    public void Forget() => _refreshed = TimeSpan.FromDays(-1);

    /// <summary>Ends every connection: the client is gone.</summary>
    public void Close()
    {
        foreach (var connection in _connections.Values)
        {
            connection.Close();
        }
    }

    public int AnyBroker() => Chance.Random.Next(brokers);

    private async Task RefreshAsync()
    {
        try
        {
            var response = await CallAsync<MetadataRequest, MetadataResponse>(AnyBroker(), new MetadataRequest { Topics = null, AllowAutoTopicCreation = false }, 12);
            foreach (var topic in response.Topics.Where(topic => topic.ErrorCode == ErrorCode.None))
            {
                Note(topic);
            }

            _refreshed = World.Now;
        }
        catch (IOException)
        {
            await BackOff();
        }
    }

    private void Note(MetadataResponse.MetadataResponseTopic topic)
    {
        _partitions[topic.Name!] = Math.Max(_partitions.GetValueOrDefault(topic.Name!), topic.Partitions.Length);
        foreach (var partition in topic.Partitions)
        {
            var name = new TopicPartition(topic.Name!, partition.PartitionIndex);
            if (!_leaders.TryGetValue(name, out var known) || partition.LeaderEpoch >= known.Epoch)
            {
                _leaders[name] = (partition.ErrorCode is ErrorCode.None ? partition.LeaderId : -1, partition.LeaderEpoch);
            }
        }
    }

    private async Task<ClientConnection> ConnectionAsync(int broker)
    {
        if (_connections.TryGetValue(broker, out var connection) && !connection.IsClosed)
        {
            return connection;
        }

        connection = await ClientConnection.OpenAsync(network, process, host, broker, clientId);
        _connections[broker] = connection;
        return connection;
    }
}
