using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Records;

namespace OrleansBroker.Storage;

/// <param name="Error">None, OffsetOutOfRange or KafkaStorageError.</param>
/// <param name="Records">Whole batches in a segment file, the first of which may begin before the offset asked for; empty where there is none.</param>
public readonly record struct ReadResult(ErrorCode Error, RecordSet Records)
{
    internal static ReadResult Empty => new(ErrorCode.None, RecordSet.Empty);

    internal static ReadResult Failed(ErrorCode error) => new(error, RecordSet.Empty);
}
