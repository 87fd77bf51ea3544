using OrleansBroker.Protocol.Records;

namespace OrleansBroker.Storage.Appending;

/// <summary>What an append will add to the log.</summary>
internal struct AppendPlan
{
    private bool _started;

    public AppendPlan()
    {
    }

    /// <summary>The log end offset after it.</summary>
    public long NextOffset { get; set; }

    public long BaseOffset { get; private set; } = -1;

    public readonly long LastOffset => NextOffset - 1;

    public long MaxTimestampMs { get; private set; } = RecordBatchFormat.NoTimestamp;

    /// <summary>The last offset of the batch that has it.</summary>
    public long MaxTimestampOffset { get; private set; } = -1;

    public void Add(RecordBatchView batch)
    {
        if (!_started)
        {
            _started = true;
            BaseOffset = batch.BaseOffset;
            MaxTimestampOffset = batch.LastOffset;
        }

        if (batch.MaxTimestamp > MaxTimestampMs)
        {
            MaxTimestampMs = batch.MaxTimestamp;
            MaxTimestampOffset = batch.LastOffset;
        }

        NextOffset = batch.NextOffset;
    }
}
