using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Messages;

namespace OrleansBroker.Client.Consuming;

/// <summary>
/// A fetch session with one broker (KIP-227), which remembers what was asked for: a request names only what is new or has
/// moved, and what is not to be read any more. One that the broker has forgotten begins anew with all.
/// </summary>
internal sealed class FetchSession
{
    private const int NoSession = 0;

    private Dictionary<TopicPartition, FetchTarget> _known = [];
    private Dictionary<TopicPartition, FetchTarget> _asked = [];
    private int _id = NoSession;
    private int _epoch = FetchRequest.InitialEpoch;
    private bool _usesIds;

    /// <summary>Forgets the session, as after an error or a new connection.</summary>
    public void Reset()
    {
        _known = [];
        (_id, _epoch) = (NoSession, FetchRequest.InitialEpoch);
    }

    /// <summary>Puts into the request what the broker has to be told.</summary>
    /// <param name="usesIds">Whether topics have ids in place of names; a session does not change that.</param>
    public void Fill(FetchRequest request, List<FetchTarget> targets, bool usesIds, int partitionBytesMax)
    {
        if (usesIds != _usesIds)
        {
            Reset();
            _usesIds = usesIds;
        }

        _asked = targets.ToDictionary(target => target.Partition.Name);
        request.SessionId = _id;
        request.SessionEpoch = _epoch;
        request.Topics =
        [
            .. targets
                .Where(target => !_known.TryGetValue(target.Partition.Name, out var known) || !IsSame(known, target))
                .GroupBy(target => (target.Partition.Name.Topic, target.TopicId))
                .Select(topic => new FetchRequest.FetchTopic
                {
                    Topic = topic.Key.Topic,
                    TopicId = topic.Key.TopicId,
                    Partitions = [.. topic.Select(target => Describe(target, partitionBytesMax))],
                }),
        ];
        request.ForgottenTopicsData =
        [
            .. _known.Values
                .Where(known => !_asked.TryGetValue(known.Partition.Name, out var asked) || asked.TopicId != known.TopicId)
                .GroupBy(known => (known.Partition.Name.Topic, known.TopicId))
                .Select(topic => new FetchRequest.ForgottenTopic
                {
                    Topic = topic.Key.Topic,
                    TopicId = topic.Key.TopicId,
                    Partitions = [.. topic.Select(known => known.Partition.Name.Partition)],
                }),
        ];
    }

    /// <summary>Takes note of the answer.</summary>
    /// <returns>False where the broker has forgotten the session: all is to be asked for again.</returns>
    /// <exception cref="KafkaException">The broker refused the whole request.</exception>
    public bool TryTake(FetchResponse response)
    {
        if (response.ErrorCode is ErrorCode.FetchSessionIdNotFound or ErrorCode.InvalidFetchSessionEpoch or ErrorCode.FetchSessionTopicIdError)
        {
            Reset();
            return false;
        }

        if (response.ErrorCode != ErrorCode.None)
        {
            Reset();
            throw new KafkaException(response.ErrorCode, "the broker refused a fetch");
        }

        // A broker that has no room for the session answers 0: the next request names all again.
        if (response.SessionId == NoSession)
        {
            Reset();
        }
        else
        {
            _known = _asked;
            _id = response.SessionId;
            _epoch = _epoch == int.MaxValue ? 1 : _epoch + 1;
        }

        return true;
    }

    /// <summary>What was asked of a partition in the last request; null where nothing was.</summary>
    public FetchTarget? Asked(TopicPartition partition) => _asked.TryGetValue(partition, out var target) ? target : null;

    private static bool IsSame(FetchTarget known, FetchTarget target) =>
        (known.TopicId, known.FetchOffset, known.LastFetchedEpoch, known.CurrentLeaderEpoch)
        == (target.TopicId, target.FetchOffset, target.LastFetchedEpoch, target.CurrentLeaderEpoch);

    private static FetchRequest.FetchPartition Describe(FetchTarget target, int partitionBytesMax) => new()
    {
        Partition = target.Partition.Name.Partition,
        CurrentLeaderEpoch = target.CurrentLeaderEpoch,
        FetchOffset = target.FetchOffset,
        LastFetchedEpoch = target.LastFetchedEpoch,
        PartitionMaxBytes = partitionBytesMax,
    };
}
