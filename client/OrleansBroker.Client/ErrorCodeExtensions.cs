using OrleansBroker.Protocol;

namespace OrleansBroker.Client;

/// <summary>What Kafka's error codes mean to a client.</summary>
public static class ErrorCodeExtensions
{
    /// <summary>Whether the same request may succeed later, as Kafka's table of error codes has it.</summary>
    public static bool IsRetriable(this ErrorCode error) => error.IsStaleMetadata() || error.IsStaleCoordinator() || error is
        ErrorCode.CorruptMessage
        or ErrorCode.RequestTimedOut
        or ErrorCode.BrokerNotAvailable
        or ErrorCode.NotEnoughReplicas
        or ErrorCode.NotEnoughReplicasAfterAppend
        or ErrorCode.NotController
        or ErrorCode.FetchSessionIdNotFound
        or ErrorCode.InvalidFetchSessionEpoch
        or ErrorCode.FetchSessionTopicIdError
        or ErrorCode.OffsetNotAvailable
        or ErrorCode.UnknownLeaderEpoch
        or ErrorCode.PreferredLeaderNotAvailable
        or ErrorCode.EligibleLeadersNotAvailable
        or ErrorCode.UnstableOffsetCommit
        or ErrorCode.ThrottlingQuotaExceeded
        or ErrorCode.ConcurrentTransactions;

    /// <summary>Whether the client has to be fenced off: another owns what it believed to own, or it may never do what it asks for.</summary>
    public static bool IsFatal(this ErrorCode error) => error is
        ErrorCode.ProducerFenced
        or ErrorCode.FencedInstanceId
        or ErrorCode.ClusterAuthorizationFailed
        or ErrorCode.TransactionalIdAuthorizationFailed
        or ErrorCode.UnsupportedVersion;

    /// <summary>Whether the client's view of topics, leaders and brokers is to be refreshed before it asks again.</summary>
    internal static bool IsStaleMetadata(this ErrorCode error) => error is
        ErrorCode.UnknownTopicOrPartition
        or ErrorCode.LeaderNotAvailable
        or ErrorCode.NotLeaderOrFollower
        or ErrorCode.ReplicaNotAvailable
        or ErrorCode.NetworkException
        or ErrorCode.KafkaStorageError
        or ErrorCode.ListenerNotFound
        or ErrorCode.FencedLeaderEpoch
        or ErrorCode.UnknownTopicId
        or ErrorCode.InconsistentTopicId;

    /// <summary>Whether the group's coordinator is to be looked up, or waited for, before the client asks again.</summary>
    internal static bool IsStaleCoordinator(this ErrorCode error) => error is
        ErrorCode.CoordinatorLoadInProgress
        or ErrorCode.CoordinatorNotAvailable
        or ErrorCode.NotCoordinator;
}
