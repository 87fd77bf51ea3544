using OrleansBroker.Core.Configuration;
using OrleansBroker.Core.Ports;
using OrleansBroker.Core.Replication;
using OrleansBroker.Protocol;
using OrleansBroker.Storage;

namespace OrleansBroker.Server.Tests.Replication;

/// <summary>Brokers that replicate for real, and whose leaders a test elects: partition 0 of each topic, on all of them.</summary>
internal sealed class ReplicaCluster : IAsyncDisposable
{
    private readonly Dictionary<string, PartitionState> _states = [];

    public ReplicaCluster(int brokers, string?[]? racks = null, params string[] settings)
    {
        // The high watermark comes with the response to a fetch: a test is not to wait for the long poll's end each time.
        string[] all = ["replica.fetch.wait.max.ms=10", .. settings];
        Assert.True(BrokerConfig.TryCreate(all.Select(pair => pair.Split('=')).Select(pair => KeyValuePair.Create(pair[0], pair[1])), out var config, out _));
        Membership = new FixedMembership(new ClusterView(1, [.. Enumerable.Range(0, brokers).Select(id => new BrokerRegistration(
            new BrokerId(id), EpochOf(id), EpochOf(id), Guid.NewGuid(), "127.0.0.1", 9092 + id, racks?[id]))]));
        Connectors = [.. Enumerable.Range(0, brokers).Select(_ => new InMemoryConnector(id => Brokers![id.Value].Endpoints))];
        Brokers = [.. Enumerable.Range(0, brokers).Select(id => new ReplicaBroker(id, Membership, Connectors[id], config))];
    }

    public IMembership Membership { get; }

    public ReplicaBroker[] Brokers { get; }

    /// <summary>What each broker follows over.</summary>
    public InMemoryConnector[] Connectors { get; }

    public static long EpochOf(int broker) => 100 + broker;

    public Guid Create(string topic, int leader = 0, LogConfig? config = null, int minInSyncReplicas = 1, int[]? heardBy = null)
    {
        var id = Guid.NewGuid();
        var all = Brokers.Select(broker => broker.Id).ToArray();
        _states[topic] = new PartitionState
        {
            TopicId = id, Partition = 0, Replicas = all, Leader = BrokerId.None, LeaderEpoch = LeaderEpoch.None, Isr = [],
        };
        foreach (var broker in Brokers)
        {
            broker.Open(topic, _states[topic], config ?? LogConfig.Default, minInSyncReplicas);
        }

        Elect(topic, leader, heardBy);
        return id;
    }

    /// <summary>Has a broker lead under the next epoch, and those that are named (all, if none is) hear of it; the ISR is all.</summary>
    public PartitionState Elect(string topic, int leader, int[]? heardBy = null, int[]? isr = null)
    {
        var before = _states[topic];
        var state = before with
        {
            Leader = new BrokerId(leader),
            LeaderEpoch = new LeaderEpoch(before.LeaderEpoch.Value + 1),
            Isr = [.. (isr ?? [.. Enumerable.Range(0, Brokers.Length)]).Select(id => new IsrMember(new BrokerId(id), EpochOf(id)))],
        };
        _states[topic] = state;
        foreach (var broker in Brokers)
        {
            if (heardBy is null || heardBy.Contains(broker.Id.Value))
            {
                broker.Play(topic, state);
            }
        }

        return state;
    }

    /// <summary>Waits until all logs are the same.</summary>
    public Task ConvergedAsync(string topic, long end) => Until.TrueAsync(
        () => Brokers.All(broker => broker[topic].Log.LogEndOffset == end && broker[topic].Log.HighWatermark == end)
            && Brokers.Skip(1).All(broker => broker.BytesOf(topic).AsSpan().SequenceEqual(Brokers[0].BytesOf(topic))),
        () => string.Join("; ", Brokers.Select(broker => Describe(broker, topic))));

    public string Describe(ReplicaBroker broker, string topic)
    {
        var log = broker[topic].Log;
        return $"{broker.Id}: {log.LogStartOffset}..{log.HighWatermark}..{log.LogEndOffset} epochs {string.Join(',', log.Epochs.Entries)} {string.Join('\n', broker.Log.Lines)}";
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var broker in Brokers)
        {
            await broker.DisposeAsync();
        }
    }
}
