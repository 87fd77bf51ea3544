namespace OrleansBroker.Protocol;

/// <summary>Kafka's error codes, by Kafka's names: what a response says about the request, a topic, a partition or a group.</summary>
public enum ErrorCode : short
{
    /// <summary>The broker failed in a way that no other code names.</summary>
    UnknownServerError = -1,

    None = 0,

    /// <summary>Below the log start offset or beyond the log end offset.</summary>
    OffsetOutOfRange = 1,

    /// <summary>A bad CRC, or bytes that are no record batch.</summary>
    CorruptMessage = 2,

    /// <summary>No such topic or partition, as far as this broker knows; clients refresh their metadata and try again.</summary>
    UnknownTopicOrPartition = 3,

    InvalidFetchSize = 4,
    LeaderNotAvailable = 5,

    /// <summary>This broker does not lead the partition (or, for a fetch from a follower, has no replica of it); clients refresh their metadata.</summary>
    NotLeaderOrFollower = 6,

    /// <summary>Not done in the time the request allowed. What was asked for may still happen.</summary>
    RequestTimedOut = 7,

    BrokerNotAvailable = 8,
    ReplicaNotAvailable = 9,

    /// <summary>A record batch larger than <c>max.message.bytes</c>.</summary>
    MessageTooLarge = 10,

    StaleControllerEpoch = 11,

    /// <summary>More metadata with a committed offset than <c>offset.metadata.max.bytes</c>.</summary>
    OffsetMetadataTooLarge = 12,

    /// <summary>Never sent: clients use it for a connection that broke.</summary>
    NetworkException = 13,

    /// <summary>The coordinator is still replaying its partition; clients try again.</summary>
    CoordinatorLoadInProgress = 14,

    /// <summary>The group's coordinator cannot be named or does not answer now; clients look it up again.</summary>
    CoordinatorNotAvailable = 15,

    /// <summary>Another broker coordinates this group; clients look it up again.</summary>
    NotCoordinator = 16,

    /// <summary>A topic name that is not allowed, or a topic that the request may not touch.</summary>
    InvalidTopicException = 17,

    /// <summary>A record batch larger than <c>segment.bytes</c>.</summary>
    RecordListTooLarge = 18,

    /// <summary>Fewer in-sync replicas than <c>min.insync.replicas</c>; nothing was appended.</summary>
    NotEnoughReplicas = 19,

    /// <summary>Appended, but the in-sync replicas became too few before enough of them had it.</summary>
    NotEnoughReplicasAfterAppend = 20,

    /// <summary>Acks other than -1, 0 and 1.</summary>
    InvalidRequiredAcks = 21,

    /// <summary>The generation is not the group's current one.</summary>
    IllegalGeneration = 22,

    /// <summary>The member's protocol type or its protocols do not fit the group's.</summary>
    InconsistentGroupProtocol = 23,

    InvalidGroupId = 24,

    /// <summary>The group has no member of this id; the client joins anew without one.</summary>
    UnknownMemberId = 25,

    /// <summary>Outside <c>group.min.session.timeout.ms</c> to <c>group.max.session.timeout.ms</c>.</summary>
    InvalidSessionTimeout = 26,

    /// <summary>A rebalance has begun; the member has to join again.</summary>
    RebalanceInProgress = 27,

    InvalidCommitOffsetSize = 28,
    TopicAuthorizationFailed = 29,
    GroupAuthorizationFailed = 30,
    ClusterAuthorizationFailed = 31,

    /// <summary>A record's timestamp is farther from now than the topic allows.</summary>
    InvalidTimestamp = 32,

    UnsupportedSaslMechanism = 33,
    IllegalSaslState = 34,

    /// <summary>The broker does not serve this version of the API. Answered as such by ApiVersions only (KIP-511).</summary>
    UnsupportedVersion = 35,

    TopicAlreadyExists = 36,
    InvalidPartitions = 37,

    /// <summary>Less than 1 or more than there are brokers.</summary>
    InvalidReplicationFactor = 38,

    InvalidReplicaAssignment = 39,

    /// <summary>A configuration value that is unknown, of the wrong type or out of range.</summary>
    InvalidConfig = 40,

    /// <summary>The request has to go to the controller.</summary>
    NotController = 41,

    /// <summary>Fields that contradict each other or are out of range.</summary>
    InvalidRequest = 42,

    UnsupportedForMessageFormat = 43,
    PolicyViolation = 44,

    /// <summary>A sequence number that leaves a gap after the producer's last one.</summary>
    OutOfOrderSequenceNumber = 45,

    /// <summary>A batch older than the last five that are remembered: appended before, at an offset that is no longer known.</summary>
    DuplicateSequenceNumber = 46,

    /// <summary>An older producer epoch than the partition has seen.</summary>
    InvalidProducerEpoch = 47,

    InvalidTxnState = 48,
    InvalidProducerIdMapping = 49,
    InvalidTransactionTimeout = 50,
    ConcurrentTransactions = 51,
    TransactionCoordinatorFenced = 52,
    TransactionalIdAuthorizationFailed = 53,
    SecurityDisabled = 54,
    OperationNotAttempted = 55,

    /// <summary>The disk failed, or is full.</summary>
    KafkaStorageError = 56,

    LogDirNotFound = 57,
    SaslAuthenticationFailed = 58,

    /// <summary>The partition knows nothing of a producer whose sequence number says it should.</summary>
    UnknownProducerId = 59,

    ReassignmentInProgress = 60,
    DelegationTokenAuthDisabled = 61,
    DelegationTokenNotFound = 62,
    DelegationTokenOwnerMismatch = 63,
    DelegationTokenRequestNotAllowed = 64,
    DelegationTokenAuthorizationFailed = 65,
    DelegationTokenExpired = 66,
    InvalidPrincipalType = 67,

    /// <summary>The group still has members.</summary>
    NonEmptyGroup = 68,

    /// <summary>There is no such group.</summary>
    GroupIdNotFound = 69,

    /// <summary>The fetch session was evicted or never was; the client opens a new one.</summary>
    FetchSessionIdNotFound = 70,

    /// <summary>Not the epoch that follows the session's last one.</summary>
    InvalidFetchSessionEpoch = 71,

    ListenerNotFound = 72,
    TopicDeletionDisabled = 73,

    /// <summary>The client's leader epoch is older than the partition's: it has stale metadata.</summary>
    FencedLeaderEpoch = 74,

    /// <summary>The client's leader epoch is newer than the partition's: this broker has stale metadata.</summary>
    UnknownLeaderEpoch = 75,

    /// <summary>The client's version of Fetch or Produce is too old for zstd (KIP-110).</summary>
    UnsupportedCompressionType = 76,

    StaleBrokerEpoch = 77,

    /// <summary>The leader was elected just now and its high watermark has not reached the start of its epoch.</summary>
    OffsetNotAvailable = 78,

    /// <summary>A first JoinGroup without a member id is answered with one, to be used from then on (KIP-394).</summary>
    MemberIdRequired = 79,

    PreferredLeaderNotAvailable = 80,

    /// <summary>The group has <c>group.max.size</c> members.</summary>
    GroupMaxSizeReached = 81,

    /// <summary>Another member has taken this group instance id over (KIP-345).</summary>
    FencedInstanceId = 82,

    EligibleLeadersNotAvailable = 83,
    ElectionNotNeeded = 84,
    NoReassignmentInProgress = 85,

    /// <summary>A group that is subscribed to the topic keeps its offsets.</summary>
    GroupSubscribedToTopic = 86,

    /// <summary>A record that the topic does not admit: without a key on a compacted topic, or malformed inside its batch.</summary>
    InvalidRecord = 87,

    /// <summary>Transactions are pending on offsets of the group.</summary>
    UnstableOffsetCommit = 88,

    /// <summary>Refused by a quota.</summary>
    ThrottlingQuotaExceeded = 89,

    /// <summary>A newer producer has the same transactional id.</summary>
    ProducerFenced = 90,

    ResourceNotFound = 91,
    DuplicateResource = 92,
    UnacceptableCredential = 93,
    InconsistentVoterSet = 94,
    InvalidUpdateVersion = 95,
    FeatureUpdateFailed = 96,
    PrincipalDeserializationFailure = 97,
    SnapshotNotFound = 98,
    PositionOutOfRange = 99,

    /// <summary>No topic has this id; clients refresh their metadata.</summary>
    UnknownTopicId = 100,

    DuplicateBrokerRegistration = 101,
    BrokerIdNotRegistered = 102,

    /// <summary>The topic's id changed: it was deleted and created again.</summary>
    InconsistentTopicId = 103,

    InconsistentClusterId = 104,
    TransactionalIdNotFound = 105,

    /// <summary>A fetch session was opened with topic names and continued with topic ids, or the reverse.</summary>
    FetchSessionTopicIdError = 106,

    IneligibleReplica = 107,
    NewLeaderElected = 108,

    /// <summary>The offset is no longer on this broker's disk but in tiered storage.</summary>
    OffsetMovedToTieredStorage = 109,

    /// <summary>The member's epoch is not the group's any more; the member gives its partitions up and joins again (KIP-848).</summary>
    FencedMemberEpoch = 110,

    UnreleasedInstanceId = 111,
    UnsupportedAssignor = 112,

    /// <summary>The member's epoch is older than the group's; the member sends a heartbeat and tries again (KIP-848).</summary>
    StaleMemberEpoch = 113,

    MismatchedEndpointType = 114,
    UnsupportedEndpointType = 115,
    UnknownControllerId = 116,
    UnknownSubscriptionId = 117,
    TelemetryTooLarge = 118,
    InvalidRegistration = 119,
    TransactionAbortable = 120,
    InvalidRecordState = 121,
    ShareSessionNotFound = 122,
    InvalidShareSessionEpoch = 123,
    FencedStateEpoch = 124,
    InvalidVoterKey = 125,
    DuplicateVoter = 126,
    VoterNotFound = 127,
    InvalidRegularExpression = 128,

    /// <summary>The client's view of the cluster is so old that it has to start from its bootstrap servers (KIP-1102).</summary>
    RebootstrapRequired = 129,

    StreamsInvalidTopology = 130,
    StreamsInvalidTopologyEpoch = 131,
    StreamsTopologyFenced = 132,
    ShareSessionLimitReached = 133,
}
