namespace OrleansBroker.Protocol.Records;

/// <summary>Why bytes are not a record batch.</summary>
public enum RecordBatchProblem
{
    None = 0,

    /// <summary>The bytes end before the batch does: a torn tail, a truncated read.</summary>
    TooShort,

    /// <summary>The batch length is less than a header takes, or more than an int can count.</summary>
    BadLength,

    /// <summary>Not magic 2: an older message format, or no batch at all.</summary>
    BadMagic,

    /// <summary>The attributes name a codec that does not exist.</summary>
    BadCodec,

    /// <summary>The last offset delta is negative, or the last offset too big for a long.</summary>
    BadOffset,

    /// <summary>The count is negative, or more than the offsets or the bytes have room for.</summary>
    BadCount,
}
