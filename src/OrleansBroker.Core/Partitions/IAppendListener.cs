namespace OrleansBroker.Core.Partitions;

/// <summary>Hears of appends: a long poll that waits for records.</summary>
public interface IAppendListener
{
    /// <summary>Records up to the high watermark have become readable. Called by the appending thread, outside all locks; several calls may run at once.</summary>
    void OnAppended(Partition partition);
}
