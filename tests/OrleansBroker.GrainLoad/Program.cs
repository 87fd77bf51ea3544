using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Configuration;
using OrleansBroker.Abstractions;
using OrleansBroker.Abstractions.Catalog;
using OrleansBroker.Abstractions.Partitions;
using OrleansBroker.GrainLoad;
using StackExchange.Redis;

if (args is not [var redis, var cluster, var partitionCount, var replicas, var seconds, .. var brokers])
{
    Console.Error.WriteLine("usage: REDIS CLUSTER PARTITIONS REPLICAS SECONDS PID...: grains of another silo append through the brokers' grains");
    return 2;
}

const int Records = 100;
const int RecordBytes = 100;
const int AtOnce = 4;
const string Topic = "grain-load";
var partitions = Number(partitionCount);

var builder = new HostApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
builder.UseOrleans(silo => silo
    .Configure<ClusterOptions>(options => (options.ClusterId, options.ServiceId) = (cluster, cluster))
    .ConfigureEndpoints(IPAddress.Loopback, FreePort(), gatewayPort: 0)
    .UseRedisClustering(options => options.ConfigurationOptions = ConfigurationOptions.Parse(redis))
    .AddOrleansBrokerGrains());
using var host = builder.Build();
await host.StartAsync();
var grains = host.Services.GetRequiredService<IGrainFactory>();
await host.Services.GetRequiredService<IBrokerGrains>().Catalog.CreateTopicAsync(Topic, partitions, short.Parse(replicas, CultureInfo.InvariantCulture));

await ProduceAsync(5);
var before = (Brokers: BrokerSeconds(), Own: OwnSeconds(), Began: Stopwatch.GetTimestamp());
var times = await ProduceAsync(Number(seconds));
var elapsed = Stopwatch.GetElapsedTime(before.Began).TotalSeconds;
var millions = times.Count * Records / 1e6;
times.Sort();
Console.WriteLine(string.Create(
    CultureInfo.InvariantCulture,
    $"{millions * 1e6 / elapsed:0} records/s of {RecordBytes} B in batches of {Records}, {partitions} partitions, {AtOnce} appends at once to each; CPU-s per M records: {(BrokerSeconds() - before.Brokers) / millions:0.00} brokers, {(OwnSeconds() - before.Own) / millions:0.00} caller; append ms: median {times[times.Count / 2] / 1e3:0.00}, p99 {times[times.Count * 99 / 100] / 1e3:0.00}"));
if (brokers.Length > 1)
{
    var away = await FailOverAsync();
    Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"the leader of a partition is killed: its grain appends again after {away:0.0} s"));
}

await host.StopAsync();
return 0;

async Task<double> FailOverAsync()
{
    var all = host.Services.GetRequiredService<IBrokerGrains>();
    var leader = (await all.Replica(Topic, 0, 0).DescribeAsync()).Leader;
    using var process = Process.GetProcessById(Number(brokers[leader]));
    process.Kill();
    var killed = Stopwatch.GetTimestamp();
    while (true)
    {
        try
        {
            await all.Partition(Topic, 0).AppendAsync([new ProducerRecord(new byte[RecordBytes])], new AppendOptions { Timeout = TimeSpan.FromSeconds(5) }).WaitAsync(TimeSpan.FromSeconds(10));
            return Stopwatch.GetElapsedTime(killed).TotalSeconds;
        }
        catch (Exception e) when (e is BrokerException { IsRetriable: true } or OrleansException or IOException or TimeoutException)
        {
            // Until its death is known, and another one leads.
            await Task.Delay(20);
        }
    }
}

async Task<List<int>> ProduceAsync(int duration)
{
    var producers = Enumerable.Range(0, partitions).Select(partition => grains.GetGrain<IProducerGrain>($"{Topic}/{partition}").ProduceAsync(duration, AtOnce, Records, RecordBytes));
    return [.. (await Task.WhenAll(producers)).SelectMany(each => each)];
}

static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);

static double OwnSeconds() => Environment.CpuUsage.TotalTime.TotalSeconds;

double BrokerSeconds() => brokers.Sum(broker =>
{
    using var process = Process.GetProcessById(Number(broker));
    return process.TotalProcessorTime.TotalSeconds;
});

static int FreePort()
{
    using var listener = new TcpListener(IPAddress.Loopback, 0);
    listener.Start();
    return ((IPEndPoint)listener.LocalEndpoint).Port;
}
