namespace OrleansBroker.Protocol.Records;

/// <summary>
/// Record batch v2 (magic 2), all numbers big-endian, positions in bytes:
/// <code>
///  0        8        12       16    17    21         23
///  +--------+--------+--------+-----+-----+----------+
///  | base   | batch  | leader |magic| CRC | attri-   | ...
///  | offset | length | epoch  |  2  | 32C | butes    |
///  +--------+--------+--------+-----+-----+----------+
///  |-- log overhead -|--------------- batch length --->
///                                       |-- the CRC covers all from here on -->
///
///  23        27        35        43       51       53        57      61
///  +---------+---------+---------+--------+--------+---------+-------+---------
///  | last    | base    | max     |producer|producer| base    | count | records
///  | offset  | time-   | time-   | id     | epoch  |sequence | int32 | (or one
///  | delta   | stamp   | stamp   |        |        |         |       |  compressed block)
///  +---------+---------+---------+--------+--------+---------+-------+---------
///
///  attributes: bits 0-2 codec | 3 log append time | 4 transactional | 5 control | 6 delete horizon | the rest unused
/// </code>
/// Base offset and leader epoch lie outside the CRC: the leader stamps them in place. Compaction keeps base offset, last
/// offset delta and the sequence numbers of a batch while it removes records, so the count may be less than the last offset
/// delta + 1, even 0. With the delete horizon flag the base timestamp is the time after which the batch's tombstones may
/// go (KIP-534); records then still count their timestamps from it.
/// One record, its lengths and deltas zigzag varints (timestamp delta: varlong), a length of -1 being null:
/// <code>
///  length | attributes int8 | timestamp delta | offset delta | key length, key | value length, value
///         | header count | { header key length, header key | header value length, header value }*
/// </code>
/// </summary>
public static class RecordBatchFormat
{
    public const int BaseOffsetAt = 0;
    public const int LengthAt = 8;
    public const int PartitionLeaderEpochAt = 12;
    public const int MagicAt = 16;
    public const int CrcAt = 17;
    public const int AttributesAt = 21;
    public const int LastOffsetDeltaAt = 23;
    public const int BaseTimestampAt = 27;
    public const int MaxTimestampAt = 35;
    public const int ProducerIdAt = 43;
    public const int ProducerEpochAt = 51;
    public const int BaseSequenceAt = 53;
    public const int CountAt = 57;
    public const int RecordsAt = 61;

    /// <summary>Everything before the records.</summary>
    public const int HeaderBytes = RecordsAt;

    /// <summary>Base offset and batch length, which the batch length does not count.</summary>
    public const int LogOverheadBytes = 12;

    /// <summary>The least batch length: a header without records.</summary>
    public const int LengthMin = HeaderBytes - LogOverheadBytes;

    /// <summary>The only magic that is accepted.</summary>
    public const byte Magic = 2;

    /// <summary>The least record: length, attributes, two deltas, two null lengths and no headers, a byte each.</summary>
    public const int RecordBytesMin = 7;

    public const short CodecMask = 0x07;
    public const short LogAppendTimeFlag = 0x08;
    public const short TransactionalFlag = 0x10;
    public const short ControlFlag = 0x20;
    public const short DeleteHorizonFlag = 0x40;

    /// <summary>A timestamp that is not known.</summary>
    public const long NoTimestamp = -1;

    /// <summary>The producer id of batches that are not idempotent.</summary>
    public const long NoProducerId = -1;

    public const short NoProducerEpoch = -1;
    public const int NoSequence = -1;
    public const int NoPartitionLeaderEpoch = -1;
}
