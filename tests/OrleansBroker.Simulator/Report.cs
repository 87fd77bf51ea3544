using System.Text;

namespace OrleansBroker.Simulator;

/// <summary>Says what came of a run, and how to see it again.</summary>
internal static class Report
{
    public static string Of(RunResult result, string command)
    {
        var text = new StringBuilder();
        if (result.Failure is null)
        {
            return $"seed {result.Seed}: {result.Hash:x16} {result.Simulated.TotalSeconds:F0} s, {result.Plan}; {result.Summary}";
        }

        text.AppendLine(System.Globalization.CultureInfo.InvariantCulture, $"seed {result.Seed} FAILED after {result.Simulated.TotalSeconds:F3} simulated seconds ({result.Hash:x16})");
        text.AppendLine($"  {result.Failure}");
        text.AppendLine($"  plan: {result.Plan}");
        text.AppendLine($"  again: {command}");
        text.AppendLine("  the last events:");
        foreach (var line in result.LastEvents)
        {
            text.AppendLine($"  {line}");
        }

        return text.ToString();
    }
}
