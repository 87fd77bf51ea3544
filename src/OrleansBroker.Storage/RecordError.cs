namespace OrleansBroker.Storage;

/// <summary>Why one record made its batch refused.</summary>
/// <param name="BatchIndex">The record's index in the batch.</param>
public readonly record struct RecordError(int BatchIndex, string Message);
