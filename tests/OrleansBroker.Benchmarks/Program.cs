using System.Globalization;
using OrleansBroker.Benchmarks;

// Before the first socket: completions run on the threads that poll, as in the host.
Environment.SetEnvironmentVariable("DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS", "1");

if (args is ["groups", var host, var port, var groups, var members, var seconds, .. var processes])
{
    await new GroupLoad(host, Number(port)).RunAsync(Number(groups), Number(members), Number(seconds), Array.ConvertAll(processes, Number));
    return 0;
}

if (args.Length > 0)
{
    Console.Error.WriteLine("usage: groups HOST PORT GROUPS MEMBERS SECONDS PID...; without arguments, the bytes that a request allocates");
    return 2;
}

using var broker = new BenchmarkBroker();
var measurements = new[]
{
    RequestPaths.Echo(broker),
    RequestPaths.Produce(broker, "produce 100 B, acks=1", 100, acks: 1),
    RequestPaths.Produce(broker, "produce 100 B, acks=all", 100, acks: -1),
    RequestPaths.Produce(broker, "produce 100 B, acks=all, two followers", 100, acks: -1, isReplicated: true),
    RequestPaths.Produce(broker, "produce 64 KiB, acks=1", 64 << 10, acks: 1),
    RequestPaths.Fetch(broker, "fetch 100 B (copied)", 100),
    RequestPaths.Fetch(broker, "fetch 64 KiB (sendfile)", 64 << 10),
    RequestPaths.Fetch(broker, "fetch 1 MiB (sendfile)", 1 << 20),
    RequestPaths.FetchInSession(broker, "fetch in a session, 1 partition, nothing new", 1),
    RequestPaths.FetchInSession(broker, "fetch in a session, 10,000 partitions, nothing new", 10_000),
    RequestPaths.LongPoll(broker),
};

Console.WriteLine("| over loopback, one connection, client in the same process | bytes allocated a request | microseconds a round trip |");
Console.WriteLine("|---|---|---|");
foreach (var measured in measurements)
{
    Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {measured.Name} | {measured.AllocatedBytes:0} | {measured.Microseconds:0.0} |"));
}

// The target of the produce and fetch paths.
return measurements.Any(measured => measured.AllocatedBytes > 1024) ? 1 : 0;

static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
