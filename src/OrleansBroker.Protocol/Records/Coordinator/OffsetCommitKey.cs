using OrleansBroker.Protocol.Wire;

namespace OrleansBroker.Protocol.Records.Coordinator;

/// <summary>Whose committed offset a record is. Versions 0 and 1 have the same fields.</summary>
public sealed class OffsetCommitKey : ICoordinatorRecord
{
    public string Group = string.Empty;
    public string Topic = string.Empty;
    public int Partition;

    public static short VersionMin => 0;

    public static short VersionMax => 1;

    public static short FlexibleSince => ApiDescription.NeverFlexible;

    public short VersionWritten => 1;

    public void Describe<TCodec>(ref TCodec codec)
        where TCodec : struct, IWireCodec, allows ref struct
    {
        codec.String(ref Group);
        codec.String(ref Topic);
        codec.Int32(ref Partition);
    }
}
