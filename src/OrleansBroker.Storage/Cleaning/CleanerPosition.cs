namespace OrleansBroker.Storage.Cleaning;

/// <summary>How far the cleaner has come with a log.</summary>
/// <param name="Log">To tell a log from one of the same name that was created after it.</param>
/// <param name="CleanEnd">The offset where the last run ended; goes into <c>cleaner-offset-checkpoint</c>.</param>
/// <param name="IsUnfinished">The offset map was full before the end: another run is due, whatever the ratio.</param>
/// <param name="PostponedUntilMs">After an I/O error the other logs come first.</param>
internal readonly record struct CleanerPosition(PartitionLog Log, long? CleanEnd, bool IsUnfinished = false, long PostponedUntilMs = long.MinValue);
