using OrleansBroker.Protocol.Wire;

namespace OrleansBroker.Protocol.Records.Coordinator;

/// <summary>A committed offset.</summary>
public sealed class OffsetCommitValue : ICoordinatorRecord
{
    public long Offset;
    public int LeaderEpoch = -1;
    public string Metadata = string.Empty;
    public long CommitTimestamp;

    /// <summary>Milliseconds since 1970; -1 unless the commit asked for a retention of its own, as OffsetCommit 2 to 4 may.</summary>
    public long ExpireTimestamp = -1;

    /// <summary>The topic that was committed for, so that one of the same name made later has no offsets; empty where it is not known.</summary>
    public Guid TopicId;

    public static short VersionMin => 0;

    public static short VersionMax => 4;

    public static short FlexibleSince => 4;

    /// <summary>Only version 1 can tell an expiry, and only version 4, which brokers before Kafka 3.5 cannot read, a topic id.</summary>
    public short VersionWritten => this switch
    {
        { ExpireTimestamp: >= 0 } => 1,
        { TopicId: var id } when id != Guid.Empty => 4,
        _ => 3,
    };

    public void Describe<TCodec>(ref TCodec codec)
        where TCodec : struct, IWireCodec, allows ref struct
    {
        codec.Int64(ref Offset);
        codec.Int32(ref LeaderEpoch, since: 3);
        codec.String(ref Metadata);
        codec.Int64(ref CommitTimestamp);
        codec.Int64(ref ExpireTimestamp, since: 1, until: 1);
        codec.Tagged(0, ref TopicId, since: 4);
    }
}
