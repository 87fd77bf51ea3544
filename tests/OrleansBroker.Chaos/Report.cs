using System.Globalization;
using OrleansBroker.Compatibility.Tests.Chaos;

namespace OrleansBroker.Chaos;

/// <summary>What a run found, for people.</summary>
internal static class Report
{
    public static IEnumerable<string> Lines(ChaosRun run, ChaosCluster cluster, Verdict verdict)
    {
        yield return string.Create(CultureInfo.InvariantCulture, $"{run.Episodes.Count} faults in {run.Elapsed.TotalMinutes:f1} min; {run.History.Acknowledged.Count} records acknowledged, {run.History.Commits} commits; {cluster.DeclaredDead.Count} times a broker found itself declared dead, {run.Episodes.Sum(episode => episode.WrongDeaths)} times one to which nothing had been done");
        if (run.Episodes.Count > 0)
        {
            yield return "fault              times   stall s: median    p90    max   known after s: median    p90    max";
        }

        foreach (var kind in run.Episodes.GroupBy(episode => episode.Fault).OrderBy(kind => kind.Key, StringComparer.Ordinal))
        {
            yield return $"{kind.Key,-18} {kind.Count(),5}   {Three(kind.Select(episode => episode.Stall)),31}   {Three(kind.Select(episode => episode.Known).OfType<TimeSpan>()),37}";
        }

        yield return verdict.IsClean ? "lost 0, doubled 0, out of order 0: every replica agrees with what clients were told" : $"OFFENCES:\n{verdict.Offences}";
    }

    private static string Three(IEnumerable<TimeSpan> times)
    {
        double[] sorted = [.. times.Select(time => time.TotalSeconds).Order()];
        return sorted.Length == 0 ? string.Empty : string.Create(CultureInfo.InvariantCulture, $"{At(sorted, 0.5),6:f2} {At(sorted, 0.9),6:f2} {sorted[^1],6:f2}");
    }

    private static double At(double[] sorted, double share) => sorted[(int)Math.Min(sorted.Length - 1, Math.Ceiling(share * sorted.Length) - 1)];
}
