using OrleansBroker.Protocol.Wire;

namespace OrleansBroker.Protocol.Messages;

/// <summary>Says that a member is alive, and learns whether a rebalance has begun.</summary>
/// <remarks>
/// <para>Versions: 3 adds static members (KIP-345).</para>
/// <para>Errors: RebalanceInProgress, IllegalGeneration, UnknownMemberId, FencedInstanceId, CoordinatorNotAvailable,
/// NotCoordinator, InvalidGroupId.</para>
/// </remarks>
public sealed class HeartbeatRequest : IRequest<HeartbeatResponse>
{
    public static ApiDescription Api { get; } = new(ApiKey.Heartbeat, VersionMin: 0, VersionMax: 4, FlexibleSince: 4);

    public string GroupId = string.Empty;
    public int GenerationId;
    public string MemberId = string.Empty;
    public string? GroupInstanceId;

    public void Describe<TCodec>(ref TCodec codec)
        where TCodec : struct, IWireCodec, allows ref struct
    {
        codec.String(ref GroupId);
        codec.Int32(ref GenerationId);
        codec.String(ref MemberId);
        codec.NullableString(ref GroupInstanceId, since: 3);
    }
}

/// <summary>Whether the member may go on as it is.</summary>
public sealed class HeartbeatResponse : IWireStruct
{
    public int ThrottleTimeMs;
    public ErrorCode ErrorCode;

    public void Describe<TCodec>(ref TCodec codec)
        where TCodec : struct, IWireCodec, allows ref struct
    {
        codec.Int32(ref ThrottleTimeMs, since: 1);
        codec.Error(ref ErrorCode);
    }
}
