namespace OrleansBroker.Storage.Loading;

/// <summary>How the broker stopped the last time, which says what may be wrong on the disk.</summary>
internal enum StopKind
{
    /// <summary>Marked as clean: nothing.</summary>
    Clean,

    /// <summary>Only the process ended: the page cache survived, and of each log the last write may be torn.</summary>
    ProcessOnly,

    /// <summary>The machine may have ended: whatever was not flushed may be missing, zero or old.</summary>
    Unclean,
}
