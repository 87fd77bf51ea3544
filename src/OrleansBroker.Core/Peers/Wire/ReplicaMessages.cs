using OrleansBroker.Core.Replication;
using OrleansBroker.Core.Topics;
using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Wire;

namespace OrleansBroker.Core.Peers.Wire;

/// <summary><see cref="ReplicaKey"/> on the wire.</summary>
internal sealed class ReplicaKeyMessage : IWireStruct
{
    public Guid TopicId;
    public int Partition;

    public ReplicaKeyMessage()
    {
    }

    public ReplicaKeyMessage(ReplicaKey key) => (TopicId, Partition) = (key.TopicId, key.Partition);

    public ReplicaKey ToKey() => new(TopicId, Partition);

    public void Describe<TCodec>(ref TCodec codec)
        where TCodec : struct, IWireCodec, allows ref struct
    {
        codec.Uuid(ref TopicId);
        codec.Int32(ref Partition);
    }
}

/// <summary><see cref="IsrMember"/> on the wire.</summary>
internal sealed class IsrMemberMessage : IWireStruct
{
    public int Broker;
    public long BrokerEpoch;

    public IsrMemberMessage()
    {
    }

    public IsrMemberMessage(IsrMember member) => (Broker, BrokerEpoch) = (member.Broker.Value, member.BrokerEpoch);

    public IsrMember ToMember() => new(new BrokerId(Broker), BrokerEpoch);

    public void Describe<TCodec>(ref TCodec codec)
        where TCodec : struct, IWireCodec, allows ref struct
    {
        codec.Int32(ref Broker);
        codec.Int64(ref BrokerEpoch);
    }
}

/// <summary><see cref="PartitionState"/> on the wire.</summary>
internal sealed class PartitionStateMessage : IWireStruct
{
    public ReplicaKeyMessage Key = new();
    public int[] Replicas = [];
    public int[] Adding = [];
    public int[] Removing = [];
    public int Leader;
    public int LeaderEpoch;
    public IsrMemberMessage[] Isr = [];
    public IsrMemberMessage[] Eligible = [];
    public int PartitionEpoch;
    public bool IsAutomatic;

    public PartitionStateMessage()
    {
    }

    public PartitionStateMessage(PartitionState state)
    {
        Key = new(new ReplicaKey(state.TopicId, state.Partition));
        Replicas = ToNumbers(state.Replicas);
        Adding = ToNumbers(state.Adding);
        Removing = ToNumbers(state.Removing);
        Leader = state.Leader.Value;
        LeaderEpoch = state.LeaderEpoch.Value;
        Isr = Array.ConvertAll(state.Isr, member => new IsrMemberMessage(member));
        Eligible = Array.ConvertAll(state.Eligible, member => new IsrMemberMessage(member));
        PartitionEpoch = state.PartitionEpoch;
        IsAutomatic = state.IsAutomatic;
    }

    public PartitionState ToState() => new()
    {
        TopicId = Key.TopicId,
        Partition = Key.Partition,
        Replicas = ToBrokers(Replicas),
        Adding = ToBrokers(Adding),
        Removing = ToBrokers(Removing),
        Leader = new BrokerId(Leader),
        LeaderEpoch = new LeaderEpoch(LeaderEpoch),
        Isr = Array.ConvertAll(Isr, member => member.ToMember()),
        Eligible = Array.ConvertAll(Eligible, member => member.ToMember()),
        PartitionEpoch = PartitionEpoch,
        IsAutomatic = IsAutomatic,
    };

    public void Describe<TCodec>(ref TCodec codec)
        where TCodec : struct, IWireCodec, allows ref struct
    {
        codec.Struct(ref Key);
        codec.Int32Array(ref Replicas);
        codec.Int32Array(ref Adding);
        codec.Int32Array(ref Removing);
        codec.Int32(ref Leader);
        codec.Int32(ref LeaderEpoch);
        codec.Array(ref Isr);
        codec.Array(ref Eligible);
        codec.Int32(ref PartitionEpoch);
        codec.Boolean(ref IsAutomatic, since: 1);
    }

    private static int[] ToNumbers(BrokerId[] brokers) => Array.ConvertAll(brokers, broker => broker.Value);

    private static BrokerId[] ToBrokers(int[] numbers) => Array.ConvertAll(numbers, number => new BrokerId(number));
}

/// <summary><see cref="ReplicaEnd"/> on the wire.</summary>
internal sealed class ReplicaEndMessage : IWireStruct
{
    public int KnownEpoch;
    public int LastEpoch;
    public long LogEndOffset;

    public ReplicaEndMessage()
    {
    }

    public ReplicaEndMessage(ReplicaEnd end) => (KnownEpoch, LastEpoch, LogEndOffset) = (end.KnownEpoch.Value, end.LastEpoch.Value, end.LogEndOffset);

    public ReplicaEnd ToEnd() => new(new LeaderEpoch(KnownEpoch), new LeaderEpoch(LastEpoch), LogEndOffset);

    public void Describe<TCodec>(ref TCodec codec)
        where TCodec : struct, IWireCodec, allows ref struct
    {
        codec.Int32(ref KnownEpoch);
        codec.Int32(ref LastEpoch);
        codec.Int64(ref LogEndOffset);
    }
}

/// <summary><see cref="Refusal"/> on the wire.</summary>
internal sealed class RefusalMessage : IWireStruct
{
    public ErrorCode Code;
    public string Message = string.Empty;

    public RefusalMessage()
    {
    }

    public RefusalMessage(Refusal refusal) => (Code, Message) = (refusal.Code, refusal.Message);

    public Refusal ToRefusal() => new(Code, Message);

    public void Describe<TCodec>(ref TCodec codec)
        where TCodec : struct, IWireCodec, allows ref struct
    {
        codec.Error(ref Code);
        codec.String(ref Message);
    }
}
