using OrleansBroker.Protocol.Wire;

namespace OrleansBroker.Protocol.Messages;

/// <summary>Asks for a producer id and epoch, to produce idempotently or in transactions.</summary>
/// <remarks>
/// <para>Versions: 3 names the producer id and epoch that the producer has, to have the epoch raised (KIP-360). 4 may
/// be answered ProducerFenced. 5 may be answered TransactionAbortable (KIP-890).</para>
/// <para>Errors: CoordinatorLoadInProgress, CoordinatorNotAvailable, InvalidRequest, and with a transactional id
/// NotCoordinator, InvalidProducerEpoch, InvalidTransactionTimeout, ConcurrentTransactions, ProducerFenced.</para>
/// </remarks>
public sealed class InitProducerIdRequest : IRequest<InitProducerIdResponse>
{
    public static ApiDescription Api { get; } = new(ApiKey.InitProducerId, VersionMin: 0, VersionMax: 5, FlexibleSince: 2);

    /// <summary>Null for an idempotent producer.</summary>
    public string? TransactionalId;

    public int TransactionTimeoutMs;

    /// <summary>-1 unless the epoch of a known producer is to be raised.</summary>
    public long ProducerId = -1;

    public short ProducerEpoch = -1;

    public void Describe<TCodec>(ref TCodec codec)
        where TCodec : struct, IWireCodec, allows ref struct
    {
        codec.NullableString(ref TransactionalId);
        codec.Int32(ref TransactionTimeoutMs);
        codec.Int64(ref ProducerId, since: 3);
        codec.Int16(ref ProducerEpoch, since: 3);
    }
}

/// <summary>The producer id and epoch.</summary>
public sealed class InitProducerIdResponse : IWireStruct
{
    public int ThrottleTimeMs;
    public ErrorCode ErrorCode;
    public long ProducerId = -1;
    public short ProducerEpoch;

    public void Describe<TCodec>(ref TCodec codec)
        where TCodec : struct, IWireCodec, allows ref struct
    {
        codec.Int32(ref ThrottleTimeMs);
        codec.Error(ref ErrorCode);
        codec.Int64(ref ProducerId);
        codec.Int16(ref ProducerEpoch);
    }
}
