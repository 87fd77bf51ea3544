using System.Runtime.InteropServices;
using OrleansBroker.Embedded;
using OrleansBroker.Silo;

// Socket completions run on the polling thread: a request costs no switch to the thread pool. Read once, by the first socket.
Environment.SetEnvironmentVariable("DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS", "1");

if (CommandLine.TryParse(args, out var problem) is not { } commandLine)
{
    return Fail(problem);
}

if (commandLine.Help)
{
    Console.WriteLine(CommandLine.Usage);
    return 0;
}

using var loggers = new LineLogger.Factory(commandLine.LogLevel, TimeProvider.System);
if (BrokerSettings.TryBuild(commandLine, loggers, out problem) is not { } options)
{
    return Fail(problem);
}

var stopped = new TaskCompletionSource();
using var onTerminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
using var onInterrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);

try
{
    await using var broker = await EmbeddedBroker.StartAsync(options);
    Console.WriteLine($"ready: broker {broker.Id} on {broker.Endpoint}, data in {options.DataDirectory}");
    await stopped.Task;
    return 0;
}
catch (BrokerStartException e)
{
    return Fail(e.Message);
}

void Stop(PosixSignalContext context)
{
    // The second signal ends the process as it would have without us.
    context.Cancel = stopped.TrySetResult();
}

static int Fail(string problem)
{
    Console.Error.WriteLine($"silo/run: {problem}");
    return 1;
}
