using OrleansBroker.Protocol;
using OrleansBroker.Simulator.Brokers;
using OrleansBroker.Simulator.Clients;
using OrleansBroker.Simulator.Engine;
using OrleansBroker.Simulator.Invariants;

namespace OrleansBroker.Simulator.Workloads;

/// <summary>All clients of a run.</summary>
internal sealed class Load(SimulatedCluster cluster, Ledger ledger, GroupLedger groups)
{
    private const int FirstHost = 100;

    private readonly Chance _chance = cluster.World.Chance.Branch("load");
    private readonly List<AssignedConsumer> _consumers = [];
    private AdminClient? _admin;
    private int _clients;

    public List<Producer> Producers { get; } = [];

    public List<GroupMember> Members { get; } = [];

    /// <summary>Whether the topics are there, and everybody has begun.</summary>
    public bool HasBegun { get; private set; }

    public void Begin()
    {
        var client = NewClient("admin");
        _admin = new AdminClient(client, ledger, cluster.Brokers.Length, cluster.Options.IsFlushed);
        client.Process.Start(BeginAsync);
    }

    /// <summary>From now on nobody does anything strange.</summary>
    public void Calm()
    {
        _admin!.Stop();
        Members.ForEach(member => member.IsCalm = true);
        _consumers.ForEach(consumer => consumer.IsCalm = true);
    }

    public void StopProducers() => Producers.ForEach(producer => producer.Stop());

    /// <summary>What a consumer has not read yet; null where all have read all.</summary>
    public string? Unread() => _consumers.Select(consumer => consumer.Unread()).FirstOrDefault(unread => unread is not null);

    public void Stop()
    {
        _consumers.ForEach(consumer => consumer.Stop());
        Members.ForEach(member => member.Stop());
    }

    public ClusterClient NewClient(string name) =>
        new(cluster.Network, cluster.World.NewProcess(name), FirstHost + _clients++, cluster.Brokers.Length, name);

    private async Task BeginAsync()
    {
        var replicas = Math.Min(3, cluster.Brokers.Length);
        var topics = new[]
        {
            new TopicTraits("orders", _chance.Between(1, 3), replicas, Math.Min(2, replicas)),
            new TopicTraits("clicks", _chance.Between(1, 2), replicas, 1) { IsDurable = false },
        };
        foreach (var topic in topics)
        {
            await _admin!.CreateAsync(topic, ("internal.segment.bytes", $"{_chance.Between(2_000, 60_000)}"));
            ledger.Add(topic);
            BeginClients(topic);
        }

        HasBegun = true;
        if (_chance.Happens(0.6))
        {
            await _admin!.RunAsync(_chance.Between(1_000, 8_000));
        }
    }

    private void BeginClients(TopicTraits topic)
    {
        foreach (var (acks, isIdempotent) in new[] { (-1, true), (-1, true), (-1, false), (1, _chance.Happens(0.5)), (0, false) })
        {
            if (topic.IsDurable || _chance.Happens(0.4))
            {
                Add(new ProducerOptions(topic.Name, (short)acks, isIdempotent && acks == -1, _chance.Happens(0.2) ? CompressionCodec.Gzip : CompressionCodec.None)
                {
                    IntervalMs = _chance.Between(20, 400),
                    BatchRecordsMax = _chance.Between(1, 6),
                    InFlightMax = isIdempotent && acks == -1 ? _chance.Between(1, 5) : 1,
                });
            }
        }

        AddConsumer(topic.Name);
        for (var i = _chance.Between(1, 3); i > 0 && topic.IsDurable; i--)
        {
            AddMember(topic.Name);
        }
    }

    private void Add(ProducerOptions options)
    {
        var name = $"p{Producers.Count}";
        var client = NewClient(name);
        var producer = new Producer(client, ledger, options, name);
        Producers.Add(producer);
        client.Process.Start(producer.RunAsync);
    }

    private void AddConsumer(string topic)
    {
        var client = NewClient($"c{_consumers.Count}");
        var consumer = new AssignedConsumer(client, ledger, topic, _chance.Happens(0.5) ? $"rack-{_chance.Random.Next(cluster.Brokers.Length)}" : string.Empty, _chance.Happens(0.5));
        _consumers.Add(consumer);
        client.Process.Start(consumer.RunAsync);
    }

    private void AddMember(string topic)
    {
        var name = $"g{Members.Count}";
        var client = NewClient(name);
        var member = new GroupMember(client, ledger, groups, "readers", topic, name);
        Members.Add(member);
        client.Process.Start(member.RunAsync);
    }
}
