using System.Diagnostics;
using System.Reflection;

namespace OrleansBroker.Simulator.Tests;

/// <summary>Runs the simulator, or another program, as a process of its own: a run shares nothing with the test host's threads.</summary>
internal static class SimulatorProcess
{
    public static readonly string Root = Metadata("Repository");
    public static readonly string Configuration = Metadata("Configuration");

    /// <summary>The simulator below a copy of the repository.</summary>
    public static string ProgramIn(string root) => Path.Combine(root, "tests/OrleansBroker.Simulator/bin", Configuration, "net10.0/OrleansBroker.Simulator.dll");

    public static (int ExitCode, string Output) Simulate(string arguments, string? program = null) =>
        Run("dotnet", $"exec \"{program ?? ProgramIn(Root)}\" {arguments}", Root);

    public static (int ExitCode, string Output) Run(string file, string arguments, string directory)
    {
        var start = new ProcessStartInfo(file, arguments) { RedirectStandardOutput = true, WorkingDirectory = directory };

        // What the test host sets for itself would bind the child to it.
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("MSBUILD", StringComparison.OrdinalIgnoreCase) || name.StartsWith("VSTEST", StringComparison.OrdinalIgnoreCase)).ToArray())
        {
            start.Environment.Remove(name);
        }

        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output);
    }

    private static string Metadata(string key) => typeof(SimulatorProcess).Assembly
        .GetCustomAttributes<AssemblyMetadataAttribute>()
        .First(attribute => attribute.Key == key).Value!;
}
