namespace OrleansBroker.Simulator.Tests;

/// <summary>Each of these tests keeps all cores busy by itself.</summary>
[CollectionDefinition(nameof(OneAtATime), DisableParallelization = true)]
public sealed class OneAtATime;
