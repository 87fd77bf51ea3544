namespace OrleansBroker.Storage.Cleaning;

internal enum BatchOutcome
{
    /// <summary>To be copied as it is.</summary>
    Unchanged,

    /// <summary>To be replaced by what was written to the output.</summary>
    Rewritten,

    /// <summary>Nothing of it is left.</summary>
    Dropped,
}
