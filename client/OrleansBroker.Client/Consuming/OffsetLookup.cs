using OrleansBroker.Client.Connections;
using OrleansBroker.Client.Metadata;
using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Messages;

namespace OrleansBroker.Client.Consuming;

/// <summary>Finds offsets: the first, the end, or the first record that is not older than a time.</summary>
internal sealed class OffsetLookup(Cluster cluster)
{
    private readonly Backoff _backoff = new(cluster.Options.RetryBackoff, cluster.Options.RetryBackoffMax);

    /// <summary>Asks one broker about partitions that it leads.</summary>
    /// <param name="timestamps">Milliseconds since 1970, or one of the special ones of <see cref="ListOffsetsRequest"/>.</param>
    /// <returns>For each partition that the broker answered for, what it answered.</returns>
    public async Task<List<(TopicPartition Name, ListOffsetsResponse.ListOffsetsPartitionResponse Answer)>> AskAsync(
        int broker, IEnumerable<(TopicPartition Name, long Timestamp, int LeaderEpoch)> timestamps, CancellationToken cancellation)
    {
        var connection = await cluster.ConnectAsync(broker, ConnectionPurpose.Requests, owner: null, cancellation).ConfigureAwait(false);
        var request = new ListOffsetsRequest
        {
            ReplicaId = -1,
            TimeoutMs = (int)cluster.Options.RequestTimeout.TotalMilliseconds,
            Topics =
            [
                .. timestamps.GroupBy(asked => asked.Name.Topic).Select(topic => new ListOffsetsRequest.ListOffsetsTopic
                {
                    Name = topic.Key,
                    Partitions =
                    [
                        .. topic.Select(asked => new ListOffsetsRequest.ListOffsetsPartition
                        {
                            PartitionIndex = asked.Name.Partition,
                            Timestamp = asked.Timestamp,
                            CurrentLeaderEpoch = asked.LeaderEpoch,
                        }),
                    ],
                }),
            ],
        };
        var response = await connection.SendAsync<ListOffsetsRequest, ListOffsetsResponse>(request, cancellation).ConfigureAwait(false);
        return [.. response.Topics.SelectMany(topic => topic.Partitions.Select(answer => (new TopicPartition(topic.Name, answer.PartitionIndex), answer)))];
    }

    /// <summary>Asks whoever leads the partitions, again and again until all are answered for.</summary>
    /// <returns>The offsets; the end of the partition where no record is so young.</returns>
    /// <exception cref="KafkaException">A partition cannot be asked about, or not within <see cref="ClientOptions.ApiTimeout"/>.</exception>
    public async Task<Dictionary<TopicPartition, long>> FindAsync(IReadOnlyDictionary<TopicPartition, long> timestamps, CancellationToken cancellation)
    {
        var clock = cluster.Options.Clock;
        var untilMs = clock.MonotonicMs() + (long)cluster.Options.ApiTimeout.TotalMilliseconds;
        var found = new Dictionary<TopicPartition, long>();
        foreach (var topic in timestamps.Keys.Select(name => name.Topic).Distinct())
        {
            cluster.Watch(new TopicInterest(topic, MayCreate: false));
        }

        for (var failures = 0; ; failures++)
        {
            var view = cluster.View;
            KafkaException? last = null;
            try
            {
                await AskAllAsync(view, timestamps, found, cancellation).ConfigureAwait(false);
            }
            catch (KafkaException e) when (e.IsRetriable)
            {
                last = e;
            }

            if (found.Count == timestamps.Count)
            {
                return found;
            }

            if (clock.MonotonicMs() > untilMs)
            {
                throw new KafkaException(ErrorCode.RequestTimedOut, $"offsets were not found within {cluster.Options.ApiTimeout}", last);
            }

            await Task.Delay(_backoff.After(failures), clock, cancellation).ConfigureAwait(false);
            await cluster.RefreshAsync(view, cancellation).ConfigureAwait(false);
        }
    }

    private async Task AskAllAsync(ClusterView view, IReadOnlyDictionary<TopicPartition, long> timestamps, Dictionary<TopicPartition, long> found, CancellationToken cancellation)
    {
        var byLeader = timestamps
            .Where(asked => !found.ContainsKey(asked.Key))
            .Select(asked => (asked.Key, asked.Value, Known: view.Find(asked.Key.Topic, asked.Key.Partition)))
            .Where(asked => asked.Known is { HasLeader: true })
            .GroupBy(asked => asked.Known!.LeaderId);
        var ends = new Dictionary<TopicPartition, long>();
        foreach (var led in byLeader)
        {
            var answers = await AskAsync(led.Key, led.Select(asked => (asked.Key, asked.Value, asked.Known!.LeaderEpoch)), cancellation).ConfigureAwait(false);
            foreach (var (name, answer) in answers)
            {
                if (answer.ErrorCode != ErrorCode.None && !answer.ErrorCode.IsRetriable())
                {
                    throw new KafkaException(answer.ErrorCode, $"{name}: the broker finds no offset");
                }

                if (answer is { ErrorCode: ErrorCode.None, Offset: >= 0 })
                {
                    found[name] = answer.Offset;
                }
                else if (answer.ErrorCode == ErrorCode.None)
                {
                    ends[name] = ListOffsetsRequest.LatestTimestamp;
                }
            }
        }

        if (ends.Count > 0)
        {
            await AskAllAsync(view, ends, found, cancellation).ConfigureAwait(false);
        }
    }
}
