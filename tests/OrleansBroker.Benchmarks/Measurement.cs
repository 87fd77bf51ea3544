using System.Diagnostics;

namespace OrleansBroker.Benchmarks;

/// <param name="AllocatedBytes">By the whole process, a request.</param>
/// <param name="Microseconds">A request, client included.</param>
internal sealed record Measurement(string Name, double AllocatedBytes, double Microseconds)
{
    private const int WarmUps = 3_000;

    /// <summary>The median of five runs, after code and pools are warm.</summary>
    public static Measurement Of(string name, int requests, Action request)
    {
        for (var i = 0; i < Math.Min(WarmUps, requests); i++)
        {
            request();
        }

        var runs = new List<(double Bytes, double Microseconds)>();
        for (var run = 0; run < 5; run++)
        {
            var allocated = GC.GetTotalAllocatedBytes(precise: true);
            var watch = Stopwatch.StartNew();
            for (var i = 0; i < requests; i++)
            {
                request();
            }

            var elapsed = watch.Elapsed.TotalMicroseconds;
            runs.Add(((GC.GetTotalAllocatedBytes(precise: true) - allocated) / (double)requests, elapsed / requests));
        }

        return new Measurement(name, runs.Select(run => run.Bytes).Order().ElementAt(2), runs.Select(run => run.Microseconds).Order().ElementAt(2));
    }
}
