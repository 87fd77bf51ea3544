using OrleansBroker.Protocol.Wire;

namespace OrleansBroker.Protocol.Messages;

/// <summary>Deletes topics with all their records.</summary>
/// <remarks>
/// <para>Versions: 4 is flexible, 5 answers messages with errors. 6 takes topic ids beside names (KIP-516).</para>
/// <para>Errors: per topic UnknownTopicOrPartition, UnknownTopicId, InvalidRequest (both a name and an id, or the same
/// topic twice), TopicDeletionDisabled, InvalidTopicException, RequestTimedOut, NotController.</para>
/// </remarks>
public sealed class DeleteTopicsRequest : IRequest<DeleteTopicsResponse>
{
    public static ApiDescription Api { get; } = new(ApiKey.DeleteTopics, VersionMin: 1, VersionMax: 6, FlexibleSince: 4);

    /// <summary>From version 6 on.</summary>
    public DeleteTopicState[] Topics = [];

    /// <summary>Until version 5; afterwards <see cref="Topics"/>.</summary>
    public string[] TopicNames = [];

    public int TimeoutMs;

    public void Describe<TCodec>(ref TCodec codec)
        where TCodec : struct, IWireCodec, allows ref struct
    {
        codec.Array(ref Topics, since: 6);
        codec.StringArray(ref TopicNames, until: 5);
        codec.Int32(ref TimeoutMs);
    }

    public sealed class DeleteTopicState : IWireStruct
    {
        /// <summary>Null if the topic is named by id.</summary>
        public string? Name;

        public Guid TopicId;

        public void Describe<TCodec>(ref TCodec codec)
            where TCodec : struct, IWireCodec, allows ref struct
        {
            codec.NullableString(ref Name);
            codec.Uuid(ref TopicId);
        }
    }
}

/// <summary>What became of each topic.</summary>
public sealed class DeleteTopicsResponse : IWireStruct
{
    public int ThrottleTimeMs;
    public DeletableTopicResult[] Responses = [];

    public void Describe<TCodec>(ref TCodec codec)
        where TCodec : struct, IWireCodec, allows ref struct
    {
        codec.Int32(ref ThrottleTimeMs);
        codec.Array(ref Responses);
    }

    public sealed class DeletableTopicResult : IWireStruct
    {
        /// <summary>Null for an unknown topic id.</summary>
        public string? Name;

        public Guid TopicId;
        public ErrorCode ErrorCode;
        public string? ErrorMessage;

        public void Describe<TCodec>(ref TCodec codec)
            where TCodec : struct, IWireCodec, allows ref struct
        {
            codec.NullableString(ref Name, nullableSince: 6);
            codec.Uuid(ref TopicId, since: 6);
            codec.Error(ref ErrorCode);
            codec.NullableString(ref ErrorMessage, since: 5);
        }
    }
}
