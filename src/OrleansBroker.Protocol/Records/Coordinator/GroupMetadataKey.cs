using OrleansBroker.Protocol.Wire;

namespace OrleansBroker.Protocol.Records.Coordinator;

/// <summary>Whose group metadata a record is.</summary>
public sealed class GroupMetadataKey : ICoordinatorRecord
{
    public string Group = string.Empty;

    public static short VersionMin => 2;

    public static short VersionMax => 2;

    public static short FlexibleSince => ApiDescription.NeverFlexible;

    public short VersionWritten => 2;

    public void Describe<TCodec>(ref TCodec codec)
        where TCodec : struct, IWireCodec, allows ref struct => codec.String(ref Group);
}
