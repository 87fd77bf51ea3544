namespace OrleansBroker.Server.Tests;

/// <summary>Tests that measure the process's memory run alone, after all others.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class MeasuringTests
{
    public const string Name = "measuring";
}
