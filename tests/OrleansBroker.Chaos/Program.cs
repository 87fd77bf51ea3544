using System.Globalization;
using System.Runtime.InteropServices;
using OrleansBroker.Chaos;
using OrleansBroker.Compatibility.Tests.Broker;
using OrleansBroker.Compatibility.Tests.Drivers;
using OrleansBroker.Grains.Tests.Processes;

if (CommandLine.TryParse(args, out var problem) is not { } line)
{
    return Fail(problem);
}

if (line.Help)
{
    Console.WriteLine(CommandLine.Usage.Replace("{0}", string.Join(", ", Fault.All.Select(fault => fault.Name)), StringComparison.Ordinal));
    return 0;
}

if (RedisServer.Program is null)
{
    return Fail("redis-server is not installed");
}

var isAsked = false;
using var onInterrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, EndEarly);
using var onTerminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, EndEarly);
var faults = line.Faults ?? Fault.All;
var obstacle = faults.Any(fault => fault.NeedsNetwork) ? Network.FindObstacle() : null;
if (obstacle is not null)
{
    Say($"no network is cut: {obstacle}");
    faults = [.. faults.Where(fault => !fault.NeedsNetwork)];
}

var missing = ClientCatalog.Get(ClientCatalog.ConfluentPython).Missing;
if (missing is not null)
{
    Say($"no consumer group takes part: {missing}");
}

try
{
    return await RunAsync();
}
catch (Exception e) when (e is TimeoutException or InvalidOperationException or ClientException)
{
    return Fail($"seed {line.Seed}: {e.Message}");
}

async Task<int> RunAsync()
{
    using var directory = new TemporaryDirectory();
    using var network = faults.Any(fault => fault.NeedsNetwork) ? new Network(ChaosCluster.Brokers) : null;
    using var burning = new CancellationTokenSource();
    string[] storage = line.AzureStorage is { } connection ? line.Clustering == "azure" ? ["--clustering", "azure", "--azure-storage", connection] : ["--storage", "azure", "--azure-storage", connection] : [];
    await using var cluster = await ChaosCluster.StartAsync(line.Data ?? directory.Path, network, [.. ChaosRun.Settings, .. storage, .. line.ForSilos]);
    await using var run = new ChaosRun(cluster, withGroup: missing is null, Say);
    Say(string.Create(CultureInfo.InvariantCulture, $"seed {line.Seed}, {line.Minutes} min"));
    if (line.Burn)
    {
        Burn(burning.Token);
    }

    try
    {
        await run.StartAsync();
        await HarmAsync(run);
        var verdict = await run.JudgeAsync();
        foreach (var text in Report.Lines(run, cluster, verdict))
        {
            Say(text);
        }

        var diedInPeace = faults.Length == 0 && !cluster.DeclaredDead.IsEmpty;
        return verdict.IsClean && !diedInPeace ? 0 : 1;
    }
    catch
    {
        Say(string.Join('\n', cluster.Surprises.Append(await cluster.DescribeAsync())));
        throw;
    }
    finally
    {
        await burning.CancelAsync();
    }
}

async Task HarmAsync(ChaosRun run)
{
    var random = new Random(line.Seed);
    var duration = TimeSpan.FromMinutes(line.Minutes);
    while (run.Elapsed < duration && !isAsked)
    {
        if (faults.Length == 0)
        {
            await Task.Delay(TimeSpan.FromSeconds(1));
            continue;
        }

        var fault = faults[random.Next(faults.Length)];
        var length = TimeSpan.FromSeconds(0.2 + (random.NextDouble() * (fault.LongestS - 0.2)));
        await run.SufferAsync(fault, random.Next(ChaosCluster.Brokers), length, settle: random.Next(4) != 0);
        await Task.Delay(TimeSpan.FromSeconds(random.NextDouble() * 2));
    }
}

// What has been done so far is judged all the same; the second signal ends the process.
void EndEarly(PosixSignalContext context)
{
    context.Cancel = !isAsked;
    isAsked = true;
}

static void Burn(CancellationToken end)
{
    for (var i = 0; i < Environment.ProcessorCount; i++)
    {
        new Thread(() =>
        {
            while (!end.IsCancellationRequested)
            {
                Thread.SpinWait(1_000);
            }
        }) { IsBackground = true }.Start();
    }
}

static void Say(string text) => Console.WriteLine(text);

static int Fail(string problem)
{
    Console.Error.WriteLine($"tests/chaos: {problem}");
    return 1;
}
