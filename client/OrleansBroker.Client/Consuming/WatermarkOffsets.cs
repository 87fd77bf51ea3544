namespace OrleansBroker.Client;

/// <summary>What can be read of a partition.</summary>
/// <param name="Low">The first offset.</param>
/// <param name="High">The offset after the last.</param>
public readonly record struct WatermarkOffsets(long Low, long High);
