using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;

namespace OrleansBroker.Benchmarks;

/// <summary>Many consumer groups that do nothing but live, and what they cost the brokers.</summary>
internal sealed class GroupLoad(string host, int port)
{
    /// <summary>Nothing has gone wrong for so long before it is measured.</summary>
    private static readonly TimeSpan Calm = TimeSpan.FromSeconds(10);

    private readonly ConcurrentQueue<double> _heartbeatMs = new();
    private long _settled;
    private long _disturbances;

    /// <summary>Runs until the groups have been measured, and prints one line of name=value.</summary>
    /// <param name="seconds">How long they are measured once all of them have their assignments.</param>
    /// <param name="processes">The brokers' process ids.</param>
    public async Task RunAsync(int groups, int members, int seconds, int[] processes)
    {
        using var stopping = new CancellationTokenSource();
        Task[] running = [.. Enumerable.Range(0, groups * members).Select(i => new GroupLoadMember(host, port, $"group-{i / members}", this).RunAsync(stopping.Token))];
        for (var seen = -1L; Interlocked.Read(ref _settled) < groups * members || seen != Interlocked.Read(ref _disturbances);)
        {
            seen = Interlocked.Read(ref _disturbances);
            await Task.Delay(Calm, stopping.Token);
        }

        var before = (Cpu: CpuSeconds(processes), Disturbances: Interlocked.Read(ref _disturbances), Watch: Stopwatch.StartNew());
        _heartbeatMs.Clear();
        await Task.Delay(TimeSpan.FromSeconds(seconds), stopping.Token);
        var elapsed = before.Watch.Elapsed.TotalSeconds;
        var cores = (CpuSeconds(processes) - before.Cpu) / elapsed;
        double[] latencies = [.. _heartbeatMs.Order()];
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"cores={cores:0.000} heartbeats_per_s={latencies.Length / elapsed:0} p99={latencies[latencies.Length * 99 / 100]:0.00} disturbances={Interlocked.Read(ref _disturbances) - before.Disturbances}"));
        await stopping.CancelAsync();
        await Task.WhenAll(running);
    }

    public void Settled() => Interlocked.Increment(ref _settled);

    public void HeartbeatTook(TimeSpan time) => _heartbeatMs.Enqueue(time.TotalMilliseconds);

    /// <summary>A member lost its assignment, its coordinator or its connection.</summary>
    public void Disturbed(bool wasSettled)
    {
        Interlocked.Increment(ref _disturbances);
        if (wasSettled)
        {
            Interlocked.Decrement(ref _settled);
        }
    }

    private static double CpuSeconds(int[] processes) => processes.Sum(id =>
    {
        using var process = Process.GetProcessById(id);
        return process.TotalProcessorTime.TotalSeconds;
    });
}
