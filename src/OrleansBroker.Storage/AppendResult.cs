using OrleansBroker.Protocol;

namespace OrleansBroker.Storage;

/// <summary>What became of an append.</summary>
public readonly record struct AppendResult
{
    public ErrorCode Error { get; init; }

    public string? ErrorMessage { get; init; }

    /// <summary>The records at fault, where <see cref="Error"/> comes from single records.</summary>
    public RecordError[]? RecordErrors { get; init; }

    /// <summary>The first record's offset; that of the original append for a <see cref="Duplicate"/>; -1 with an error.</summary>
    public long BaseOffset { get; init; }

    /// <summary>Of the last record, inclusive.</summary>
    public long LastOffset { get; init; }

    /// <summary>The leader epoch that the append was made in.</summary>
    public LeaderEpoch Epoch { get; init; }

    /// <summary>-1 unless the topic has LogAppendTime.</summary>
    public long LogAppendTimeMs { get; init; }

    public long LogStartOffset { get; init; }

    /// <summary>The batch was appended before; nothing was written now.</summary>
    public bool Duplicate { get; init; }

    /// <summary>As many records as flush.messages are not flushed.</summary>
    public bool FlushDue { get; init; }

    internal static AppendResult Failed(ErrorCode error, string message, RecordError[]? recordErrors = null, long logStartOffset = -1) => new()
    {
        Error = error,
        ErrorMessage = message,
        RecordErrors = recordErrors,
        BaseOffset = -1,
        LastOffset = -1,
        LogAppendTimeMs = -1,
        LogStartOffset = logStartOffset,
    };
}
