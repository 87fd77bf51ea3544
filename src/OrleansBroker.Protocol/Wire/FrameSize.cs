namespace OrleansBroker.Protocol.Wire;

/// <summary>What a frame takes, its leading size field included.</summary>
/// <param name="Total">Bytes on the wire.</param>
/// <param name="Inline">Of these, bytes to be written into a buffer when records that lie in an <see cref="Records.IRecordSource"/> are left out of it.</param>
public readonly record struct FrameSize(int Total, int Inline);
