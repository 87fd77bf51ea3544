using OrleansBroker.Core.Configuration;
using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Messages;
using OrleansBroker.Server.Dispatch;
using OrleansBroker.Server.Network;
using OrleansBroker.Simulation;
using OrleansBroker.Simulator.Brokers;
using OrleansBroker.Simulator.Clients;
using OrleansBroker.Simulator.Engine;
using OrleansBroker.Simulator.Invariants;
using OrleansBroker.Simulator.Network;
using OrleansBroker.Simulator.Ports;
using OrleansBroker.Simulator.Workloads;

using var file = args.Length > 1 ? new StreamWriter(args[1]) : null;
var world = new World(long.Parse(args[0]), file);
var network = new SimulatedNetwork(world);
var store = new SimulatedDocumentStore(network);
var disk = new SimulatedDisk(1);
var broker = world.NewProcess("broker-0");
BrokerConfig.TryCreate(new Dictionary<string, string> { ["broker.id"] = "0", ["listeners"] = "PLAINTEXT://127.0.0.1:9092", ["num.partitions"] = "3" }, out var config, out _);
broker.Start(async () =>
{
    var services = await BrokerLife.StartAsync(broker.Clock, broker.Chance.Random, disk, store.For(0), new SimulatedMembership(world).Join(broker, 0), config!, new SimulatedLoggers(broker));
    var endpoints = EndpointTable.Bind(services, new ListenerOptions { Endpoint = new(System.Net.IPAddress.Loopback, 9092) });
    network.Listen(0, broker, socket => ServerSession.Begin(socket, endpoints, "PLAINTEXT"));
});
var ledger = new Ledger(world);
ledger.Add(new TopicTraits("t", 3, 1, 1));
var groups = new GroupLedger(world);
world.RunUntil(TimeSpan.FromSeconds(1));
ClusterClient Client(string name, int host)
{
    return new ClusterClient(network, world.NewProcess(name), host, 1, name);
}

var admin = Client("admin", 100);
admin.Process.Start(async () =>
{
    var r = await admin.CallAsync<CreateTopicsRequest, CreateTopicsResponse>(0, new CreateTopicsRequest { Topics = [new() { Name = "t", NumPartitions = 3, ReplicationFactor = 1 }], TimeoutMs = 5000 }, 7);
    admin.Process.Note($"{r.Topics[0].ErrorCode}");
});
world.RunUntil(TimeSpan.FromSeconds(2));
for (var i = 0; i < 4; i++)
{
    var c = Client($"p{i}", 101 + i);
    c.Process.Start(new Producer(c, ledger, new ProducerOptions("t", -1, i % 2 == 0, CompressionCodec.None), $"p{i}").RunAsync);
    var d = Client($"c{i}", 111 + i);
    d.Process.Start(new AssignedConsumer(d, ledger, "t", "").RunAsync);
    var e = Client($"g{i}", 121 + i);
    e.Process.Start(new GroupMember(e, ledger, groups, "g", "t", $"g{i}").RunAsync);
}

var sw = System.Diagnostics.Stopwatch.StartNew();
world.RunUntil(TimeSpan.FromSeconds(120));
Console.WriteLine($"{world.Trace.Hash:x16} events {world.Trace.Events} acked {ledger.AckedRecords} read {ledger.ReadRecords} commits {groups.Commits} gens {groups.Generations} {sw.ElapsedMilliseconds} ms");
return 0;
