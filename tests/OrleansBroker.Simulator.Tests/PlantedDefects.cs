using OrleansBroker.Simulator.Defects;

namespace OrleansBroker.Simulator.Tests;

/// <summary>A copy of the sources with all defects in it, built once, in a folder that git ignores.</summary>
public sealed class PlantedDefects
{
    public PlantedDefects()
    {
        var copy = Path.Combine(SimulatorProcess.Root, "artifacts", "defects");
        Defect.PlantAll(SimulatorProcess.Root, copy);
        var (exitCode, log) = SimulatorProcess.Run(
            "dotnet",
            $"build tests/OrleansBroker.Simulator -c {SimulatorProcess.Configuration} -v quiet --nologo -p:RunAnalyzers=false -p:EnforceCodeStyleInBuild=false -p:TreatWarningsAsErrors=false",
            copy);
        Assert.True(exitCode == 0, log);
        Program = SimulatorProcess.ProgramIn(copy);
    }

    /// <summary>The simulator that was built from the copy.</summary>
    public string Program { get; }
}
