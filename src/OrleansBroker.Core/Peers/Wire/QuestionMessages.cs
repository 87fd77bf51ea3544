using OrleansBroker.Core.Rebalancing;
using OrleansBroker.Core.Replication;
using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Wire;

namespace OrleansBroker.Core.Peers.Wire;

internal sealed class EmptyMessage : IWireStruct
{
    public void Describe<TCodec>(ref TCodec codec)
        where TCodec : struct, IWireCodec, allows ref struct
    {
    }
}

/// <summary><see cref="Announcement"/> on the wire.</summary>
internal sealed class AnnouncementMessage : IWireStruct
{
    public int From;
    public long BrokerEpoch;
    public long Since;
    public long LastVersion;
    public PartitionStateMessage[] States = [];

    public AnnouncementMessage()
    {
    }

    public AnnouncementMessage(Announcement news)
    {
        (From, BrokerEpoch, Since, LastVersion) = (news.From.Value, news.BrokerEpoch, news.Since, news.Version);
        States = [.. news.States.Select(state => new PartitionStateMessage(state))];
    }

    public Announcement ToNews() => new(new BrokerId(From), BrokerEpoch, Since, LastVersion, Array.ConvertAll(States, state => state.ToState()));

    public void Describe<TCodec>(ref TCodec codec)
        where TCodec : struct, IWireCodec, allows ref struct
    {
        codec.Int32(ref From);
        codec.Int64(ref BrokerEpoch);
        codec.Int64(ref Since);
        codec.Int64(ref LastVersion);
        codec.Array(ref States);
    }
}

internal sealed class PullAnnouncementsMessage : IWireStruct
{
    public long BrokerEpoch;
    public long Since;

    public void Describe<TCodec>(ref TCodec codec)
        where TCodec : struct, IWireCodec, allows ref struct
    {
        codec.Int64(ref BrokerEpoch);
        codec.Int64(ref Since);
    }
}

internal sealed class ReplicaKeysMessage : IWireStruct
{
    public ReplicaKeyMessage[] Keys = [];

    public ReplicaKeysMessage()
    {
    }

    public ReplicaKeysMessage(IEnumerable<ReplicaKey> keys) => Keys = [.. keys.Select(key => new ReplicaKeyMessage(key))];

    public ReplicaKey[] ToKeys() => Array.ConvertAll(Keys, key => key.ToKey());

    public void Describe<TCodec>(ref TCodec codec)
        where TCodec : struct, IWireCodec, allows ref struct => codec.Array(ref Keys);
}

internal sealed class DescribedReplicasMessage : IWireStruct
{
    public Replica[] Replicas = [];

    public DescribedReplicasMessage()
    {
    }

    public DescribedReplicasMessage(IEnumerable<DescribedReplica> described) => Replicas =
    [
        .. described.Select(each => new Replica
        {
            Key = new(each.Key),
            End = each.End is { } end ? new(end) : null,
            State = each.State is { } state ? new(state) : null,
        }),
    ];

    public DescribedReplica[] ToDescribed() => Array.ConvertAll(Replicas, each => new DescribedReplica(each.Key.ToKey(), each.End?.ToEnd(), each.State?.ToState()));

    public void Describe<TCodec>(ref TCodec codec)
        where TCodec : struct, IWireCodec, allows ref struct => codec.Array(ref Replicas);

    internal sealed class Replica : IWireStruct
    {
        public ReplicaKeyMessage Key = new();
        public ReplicaEndMessage? End;
        public PartitionStateMessage? State;

        public void Describe<TCodec>(ref TCodec codec)
            where TCodec : struct, IWireCodec, allows ref struct
        {
            codec.Struct(ref Key);
            codec.NullableStruct(ref End);
            codec.NullableStruct(ref State);
        }
    }
}

internal sealed class TakeLeadershipMessage : IWireStruct
{
    public ReplicaKeyMessage[] Partitions = [];
    public sbyte Kind;

    public TakeLeadershipMessage()
    {
    }

    public TakeLeadershipMessage(TakeLeadership request)
    {
        Partitions = [.. request.Partitions.Select(key => new ReplicaKeyMessage(key))];
        Kind = (sbyte)request.Kind;
    }

    public TakeLeadership ToRequest() => Enum.IsDefined((ElectionKind)Kind)
        ? new(Array.ConvertAll(Partitions, key => key.ToKey()), (ElectionKind)Kind)
        : throw new MalformedMessageException($"an election of kind {Kind}, which this build does not know");

    public void Describe<TCodec>(ref TCodec codec)
        where TCodec : struct, IWireCodec, allows ref struct
    {
        codec.Array(ref Partitions);
        codec.Int8(ref Kind);
    }
}

internal sealed class ReportFailedReplicasMessage : IWireStruct
{
    public int Follower;
    public long BrokerEpoch;
    public ReplicaKeyMessage[] Partitions = [];

    public ReportFailedReplicasMessage()
    {
    }

    public ReportFailedReplicasMessage(ReportFailedReplicas report)
    {
        (Follower, BrokerEpoch) = (report.Follower.Value, report.BrokerEpoch);
        Partitions = [.. report.Partitions.Select(key => new ReplicaKeyMessage(key))];
    }

    public ReportFailedReplicas ToRequest() => new(new BrokerId(Follower), BrokerEpoch, Array.ConvertAll(Partitions, key => key.ToKey()));

    public void Describe<TCodec>(ref TCodec codec)
        where TCodec : struct, IWireCodec, allows ref struct
    {
        codec.Int32(ref Follower);
        codec.Int64(ref BrokerEpoch);
        codec.Array(ref Partitions);
    }
}

internal sealed class ErrorsMessage : IWireStruct
{
    public int[] Errors = [];

    public ErrorsMessage()
    {
    }

    public ErrorsMessage(IEnumerable<ErrorCode> errors) => Errors = [.. errors.Select(error => (int)error)];

    public ErrorCode[] ToErrors() => Array.ConvertAll(Errors, error => checked((ErrorCode)(short)error));

    public void Describe<TCodec>(ref TCodec codec)
        where TCodec : struct, IWireCodec, allows ref struct => codec.Int32Array(ref Errors);
}

internal sealed class AlterReassignmentsMessage : IWireStruct
{
    public Wanted[] Partitions = [];
    public bool AllowReplicationFactorChange;

    public AlterReassignmentsMessage()
    {
    }

    public AlterReassignmentsMessage(AlterReassignments request)
    {
        Partitions = [.. request.Partitions.Select(wanted => new Wanted { Key = new(wanted.Key), Replicas = wanted.Replicas?.Select(replica => replica.Value).ToArray() })];
        AllowReplicationFactorChange = request.AllowReplicationFactorChange;
    }

    public AlterReassignments ToRequest() => new(
        Array.ConvertAll(Partitions, wanted => new WantedReplicas(wanted.Key.ToKey(), wanted.Replicas?.Select(replica => new BrokerId(replica)).ToArray())), AllowReplicationFactorChange);

    public void Describe<TCodec>(ref TCodec codec)
        where TCodec : struct, IWireCodec, allows ref struct
    {
        codec.Array(ref Partitions);
        codec.Boolean(ref AllowReplicationFactorChange);
    }

    internal sealed class Wanted : IWireStruct
    {
        public ReplicaKeyMessage Key = new();
        public int[]? Replicas;

        public void Describe<TCodec>(ref TCodec codec)
            where TCodec : struct, IWireCodec, allows ref struct
        {
            codec.Struct(ref Key);
            codec.NullableInt32Array(ref Replicas);
        }
    }
}

internal sealed class MoveReplicasMessage : IWireStruct
{
    public Move[] Moves = [];

    public MoveReplicasMessage()
    {
    }

    public MoveReplicasMessage(MoveReplicas request) =>
        Moves = [.. request.Moves.Select(move => new Move { Key = new(move.Key), From = ToNumbers(move.From), To = ToNumbers(move.To) })];

    public MoveReplicas ToRequest() => new(Array.ConvertAll(Moves, move => new RebalanceMove(move.Key.ToKey(), ToBrokers(move.From), ToBrokers(move.To))));

    public void Describe<TCodec>(ref TCodec codec)
        where TCodec : struct, IWireCodec, allows ref struct => codec.Array(ref Moves);

    private static int[] ToNumbers(BrokerId[] brokers) => Array.ConvertAll(brokers, broker => broker.Value);

    private static BrokerId[] ToBrokers(int[] numbers) => Array.ConvertAll(numbers, number => new BrokerId(number));

    internal sealed class Move : IWireStruct
    {
        public ReplicaKeyMessage Key = new();
        public int[] From = [];
        public int[] To = [];

        public void Describe<TCodec>(ref TCodec codec)
            where TCodec : struct, IWireCodec, allows ref struct
        {
            codec.Struct(ref Key);
            codec.Int32Array(ref From);
            codec.Int32Array(ref To);
        }
    }
}

internal sealed class AlteredReassignmentsMessage : IWireStruct
{
    public Altered[] Partitions = [];

    public AlteredReassignmentsMessage()
    {
    }

    public AlteredReassignmentsMessage(IEnumerable<AlteredReassignment> altered) => Partitions =
    [
        .. altered.Select(each => new Altered { Refusal = each.Refusal is { } refusal ? new(refusal) : null, State = each.State is { } state ? new(state) : null }),
    ];

    public AlteredReassignment[] ToAltered() => Array.ConvertAll(Partitions, each => new AlteredReassignment(each.Refusal?.ToRefusal(), each.State?.ToState()));

    public void Describe<TCodec>(ref TCodec codec)
        where TCodec : struct, IWireCodec, allows ref struct => codec.Array(ref Partitions);

    internal sealed class Altered : IWireStruct
    {
        public RefusalMessage? Refusal;
        public PartitionStateMessage? State;

        public void Describe<TCodec>(ref TCodec codec)
            where TCodec : struct, IWireCodec, allows ref struct
        {
            codec.NullableStruct(ref Refusal);
            codec.NullableStruct(ref State);
        }
    }
}

internal sealed class CatalogChangedMessage : IWireStruct
{
    public long CatalogVersion;

    public void Describe<TCodec>(ref TCodec codec)
        where TCodec : struct, IWireCodec, allows ref struct => codec.Int64(ref CatalogVersion);
}

internal sealed class NamesMessage : IWireStruct
{
    public string[] Names = [];

    public void Describe<TCodec>(ref TCodec codec)
        where TCodec : struct, IWireCodec, allows ref struct => codec.StringArray(ref Names);
}
