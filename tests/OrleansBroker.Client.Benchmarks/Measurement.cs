using System.Diagnostics;
using System.Globalization;

namespace OrleansBroker.Client.Benchmarks;

/// <summary>What a number of records took, and cost this process.</summary>
internal sealed class Measurement(long records)
{
    private readonly long _startedAt = Stopwatch.GetTimestamp();
    private readonly TimeSpan _cpuBefore = Environment.CpuUsage.TotalTime;
    private readonly long _bytesBefore = GC.GetTotalAllocatedBytes(precise: true);
    private TimeSpan _elapsed;
    private TimeSpan _cpu;
    private long _bytes;

    public Measurement End()
    {
        _elapsed = Stopwatch.GetElapsedTime(_startedAt);
        _cpu = Environment.CpuUsage.TotalTime - _cpuBefore;
        _bytes = GC.GetTotalAllocatedBytes(precise: true) - _bytesBefore;
        return this;
    }

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"million_per_s={records / _elapsed.TotalSeconds / 1e6:0.000} cpu_per_million={_cpu.TotalSeconds * 1e6 / records:0.000} allocated_per_record={(double)_bytes / records:0.00}");
}
