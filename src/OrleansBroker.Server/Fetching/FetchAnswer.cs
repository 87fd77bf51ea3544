using OrleansBroker.Core;
using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Messages;
using OrleansBroker.Server.Handlers;
using FetchableTopicResponse = OrleansBroker.Protocol.Messages.FetchResponse.FetchableTopicResponse;
using PartitionData = OrleansBroker.Protocol.Messages.FetchResponse.PartitionData;

namespace OrleansBroker.Server.Fetching;

/// <summary>Makes the response of what was read: in an incremental fetch of the partitions with news only, else of all.</summary>
internal static class FetchAnswer
{
    public static FetchResponse Of(FetchConnection fetch, bool isIncremental, bool isReadCommitted)
    {
        var sessionId = fetch.Session?.Id ?? 0;
        var (topics, first) = CountTopics(fetch.Partitions, isIncremental);
        if (topics == 0)
        {
            return new FetchResponse { SessionId = sessionId };
        }

        var responses = new FetchableTopicResponse[topics];
        for (var i = 0; i < topics; i++)
        {
            first = TakeTopic(fetch.Partitions, first, isIncremental, isReadCommitted, out responses[i]);
        }

        return new FetchResponse { SessionId = sessionId, Responses = responses };
    }

    /// <summary>Names the leaders of the partitions that the client should ask another broker for.</summary>
    public static void NameLeaders(FetchResponse response, BrokerServices broker)
    {
        CurrentLeaders? leaders = null;
        foreach (ref var topic in response.Responses.AsSpan())
        {
            foreach (ref var partition in topic.Partitions.AsSpan())
            {
                if (CurrentLeaders.Explains(partition.ErrorCode)
                    && (leaders ??= new CurrentLeaders(broker)).TryFind(topic.TopicId, partition.PartitionIndex, out var leader, out var epoch))
                {
                    partition.CurrentLeader = new FetchResponse.LeaderIdAndEpoch { LeaderId = leader.Value, LeaderEpoch = epoch.Value };
                }
            }
        }

        if (leaders is not null)
        {
            response.NodeEndpoints =
            [
                .. leaders.Endpoints.Select(endpoint => new FetchResponse.NodeEndpoint
                {
                    NodeId = endpoint.Id.Value, Host = endpoint.Host, Port = endpoint.Port, Rack = endpoint.Rack,
                }),
            ];
        }
    }

    private static bool IsIncluded(FetchedPartition partition, bool isIncremental) => !isIncremental || partition.HasNews;

    private static bool IsSameTopic(FetchedPartition left, FetchedPartition right) =>
        left.Key.TopicId == right.Key.TopicId && string.Equals(left.Key.Topic, right.Key.Topic, StringComparison.Ordinal);

    /// <summary>How many topics the response has, where partitions of a topic that follow one another share one; and where the first begins.</summary>
    private static (int Topics, int First) CountTopics(List<FetchedPartition> partitions, bool isIncremental)
    {
        var topics = 0;
        var first = 0;
        FetchedPartition? previous = null;
        for (var i = 0; i < partitions.Count; i++)
        {
            var partition = partitions[i];
            if (IsIncluded(partition, isIncremental))
            {
                first = previous is null ? i : first;
                topics += previous is null || !IsSameTopic(previous, partition) ? 1 : 0;
                previous = partition;
            }
        }

        return (topics, first);
    }

    /// <summary>Makes the topic that begins at <paramref name="first"/>; returns where the next one begins.</summary>
    private static int TakeTopic(List<FetchedPartition> partitions, int first, bool isIncremental, bool isReadCommitted, out FetchableTopicResponse topic)
    {
        var next = first;
        var count = 0;
        for (; next < partitions.Count; next++)
        {
            if (IsIncluded(partitions[next], isIncremental))
            {
                if (!IsSameTopic(partitions[first], partitions[next]))
                {
                    break;
                }

                count++;
            }
        }

        var answers = new PartitionData[count];
        for (int i = first, k = 0; k < count; i++)
        {
            if (IsIncluded(partitions[i], isIncremental))
            {
                answers[k++] = Answer(partitions[i], isReadCommitted);
            }
        }

        var key = partitions[first].Key;
        topic = new FetchableTopicResponse { Topic = key.Topic, TopicId = key.TopicId, Partitions = answers };
        return next;
    }

    private static PartitionData Answer(FetchedPartition partition, bool isReadCommitted)
    {
        var answer = new PartitionData
        {
            PartitionIndex = partition.Key.Partition,
            ErrorCode = partition.Error,
            HighWatermark = partition.HighWatermark,
            LastStableOffset = partition.LastStableOffset,
            LogStartOffset = partition.LogStartOffset,
            DivergingEpoch = partition.DivergingEpoch,
            AbortedTransactions = isReadCommitted && partition.Error == ErrorCode.None ? [] : null,
            PreferredReadReplica = partition.PreferredReadReplica.Value,
            Records = partition.Records,
        };
        partition.Told();
        return answer;
    }
}
