using OrleansBroker.Protocol.Records;

namespace OrleansBroker.Protocol.Wire;

/// <summary>Records that belong between byte <paramref name="At"/> - 1 and byte <paramref name="At"/> of a written message.</summary>
public readonly record struct RecordSplice(int At, RecordSet Records);
