using OrleansBroker.Protocol.Wire;

namespace OrleansBroker.Protocol.Messages;

/// <summary>Asks which broker coordinates groups (or transactional ids).</summary>
/// <remarks>
/// <para>Versions: 1 adds the key type. 4 asks for several keys at once (KIP-699). 5 may be answered
/// TransactionAbortable. 6 adds share groups (KIP-932).</para>
/// <para>Errors: CoordinatorNotAvailable, InvalidRequest (an unknown key type), InvalidGroupId.</para>
/// </remarks>
public sealed class FindCoordinatorRequest : IRequest<FindCoordinatorResponse>
{
    public static ApiDescription Api { get; } = new(ApiKey.FindCoordinator, VersionMin: 0, VersionMax: 6, FlexibleSince: 3);

    /// <summary>Until version 3; afterwards <see cref="CoordinatorKeys"/>.</summary>
    public string Key = string.Empty;

    /// <summary>0 for a group, 1 for a transactional id, 2 for a share partition.</summary>
    public sbyte KeyType;

    public string[] CoordinatorKeys = [];

    public void Describe<TCodec>(ref TCodec codec)
        where TCodec : struct, IWireCodec, allows ref struct
    {
        codec.String(ref Key, until: 3);
        codec.Int8(ref KeyType, since: 1);
        codec.StringArray(ref CoordinatorKeys, since: 4);
    }
}

/// <summary>The coordinator: one until version 3, one a key from 4 on.</summary>
public sealed class FindCoordinatorResponse : IWireStruct
{
    public int ThrottleTimeMs;

    /// <summary>This and the fields up to <see cref="Port"/> until version 3; afterwards <see cref="Coordinators"/>.</summary>
    public ErrorCode ErrorCode;

    public string? ErrorMessage;
    public int NodeId;
    public string Host = string.Empty;
    public int Port;
    public Coordinator[] Coordinators = [];

    public void Describe<TCodec>(ref TCodec codec)
        where TCodec : struct, IWireCodec, allows ref struct
    {
        codec.Int32(ref ThrottleTimeMs, since: 1);
        codec.Error(ref ErrorCode, until: 3);
        codec.NullableString(ref ErrorMessage, since: 1, until: 3);
        codec.Int32(ref NodeId, until: 3);
        codec.String(ref Host, until: 3);
        codec.Int32(ref Port, until: 3);
        codec.Array(ref Coordinators, since: 4);
    }

    public sealed class Coordinator : IWireStruct
    {
        public string Key = string.Empty;
        public int NodeId;
        public string Host = string.Empty;
        public int Port;
        public ErrorCode ErrorCode;
        public string? ErrorMessage;

        public void Describe<TCodec>(ref TCodec codec)
            where TCodec : struct, IWireCodec, allows ref struct
        {
            codec.String(ref Key);
            codec.Int32(ref NodeId);
            codec.String(ref Host);
            codec.Int32(ref Port);
            codec.Error(ref ErrorCode);
            codec.NullableString(ref ErrorMessage);
        }
    }
}
