using System.Runtime.InteropServices;
using OrleansBroker.Embedded;
using OrleansBroker.Embedded.Cluster;
using OrleansBroker.Silo;

// Socket completions run on the polling thread: a request costs no switch to the thread pool. Read once, by the first socket.
Environment.SetEnvironmentVariable("DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS", "1");

if (args is [Decommission.Name, .. var rest])
{
    using var interrupted = new CancellationTokenSource();
    using var onCancel = PosixSignalRegistration.Create(PosixSignal.SIGINT, context =>
    {
        context.Cancel = true;
        interrupted.Cancel();
    });
    return await Decommission.RunAsync(rest, Console.Out, Console.Error, interrupted.Token);
}

if (OptionSources.TryRead(args, Environment.GetEnvironmentVariable, out var problem) is not { } given || CommandLine.TryParse(given, out problem) is not { } commandLine)
{
    return Fail(problem);
}

if (commandLine.Help)
{
    Console.WriteLine(CommandLine.Usage);
    return 0;
}

using var loggers = new LineLogger.Factory(commandLine.LogLevel, TimeProvider.System);
using var stopping = new CancellationTokenSource();
var stopped = new TaskCompletionSource();
using var onTerminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
using var onInterrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);

try
{
    return commandLine.IsSilo ? await RunSiloAsync() : commandLine.Brokers == 1 ? await RunBrokerAsync() : await RunClusterAsync();
}
catch (BrokerStartException e)
{
    return Fail(e.Message);
}

async Task<int> RunBrokerAsync()
{
    if (BrokerSettings.TryBuild(commandLine, loggers, out var refused) is not { } options)
    {
        return Fail(refused);
    }

    await using var broker = await EmbeddedBroker.StartAsync(options);
    Console.WriteLine($"ready: broker {broker.Id} on {broker.Endpoint}, data in {options.DataDirectory}");
    await stopped.Task;
    return 0;
}

async Task<int> RunSiloAsync()
{
#if ORLEANS
    if (BrokerSettings.TryBuild(commandLine, loggers, out var refused) is not { } options)
    {
        return Fail(refused);
    }

    await OrleansBroker.Silo.Clustered.SiloHost.RunAsync(commandLine, options, loggers, stopping.Token);
    return 0;
#else
    await Task.CompletedTask;
    return Fail($"{(commandLine.Runtime is null ? "--clustering" : "--runtime silo")}: this build has no Orleans, whose packages could not be restored");
#endif
}

async Task<int> RunClusterAsync()
{
    if (BrokerSettings.TryBuildCluster(commandLine, loggers, out var refused) is not { } options)
    {
        return Fail(refused);
    }

    await using var cluster = await EmbeddedCluster.StartAsync(options);
    foreach (var broker in cluster.Brokers)
    {
        Console.WriteLine($"ready: broker {broker.Id} on {broker.Endpoint}, data in {options.DataDirectory}");
    }

    await stopped.Task;
    return 0;
}

void Stop(PosixSignalContext context)
{
    // The second signal ends the process as it would have without us.
    context.Cancel = stopped.TrySetResult();
    if (context.Cancel)
    {
        stopping.Cancel();
    }
}

static int Fail(string problem)
{
    Console.Error.WriteLine($"silo/run: {problem}");
    return 1;
}
