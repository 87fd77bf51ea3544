using OrleansBroker.Client.Metadata;
using OrleansBroker.Protocol.Messages;

namespace OrleansBroker.Client.Producing;

/// <summary>Batches as a Produce request, and an answer's parts by the batches that they are about.</summary>
internal static class ProduceRequests
{
    /// <summary>From this version on topics have ids in place of names.</summary>
    public const short TopicIdsSince = 13;

    private const int Unanswered = -1;

    /// <param name="batches">Sorted by topic; one of each partition at most.</param>
    public static ProduceRequest Build(List<ProducerBatch> batches, ClusterView view, Acks acks, TimeSpan timeout)
    {
        var topics = new List<ProduceRequest.TopicProduceData>(1);
        for (var from = 0; from < batches.Count;)
        {
            var name = batches[from].Partition.Name.Topic;
            var to = from;
            while (to < batches.Count && batches[to].Partition.Name.Topic == name)
            {
                to++;
            }

            var partitions = new ProduceRequest.PartitionProduceData[to - from];
            for (var i = from; i < to; i++)
            {
                partitions[i - from] = new() { Index = batches[i].Partition.Name.Partition, Records = new(batches[i].Encode()) };
            }

            topics.Add(new() { Name = name, TopicId = view.Topics.GetValueOrDefault(name)?.Id ?? Guid.Empty, PartitionData = partitions });
            from = to;
        }

        return new ProduceRequest { Acks = (short)acks, TimeoutMs = (int)timeout.TotalMilliseconds, TopicData = [.. topics] };
    }

    /// <summary>What the broker says about each batch, in the order of the batches. It may answer in any order, but about each of them, and once.</summary>
    /// <param name="batches">Those that <paramref name="request"/> was built of.</param>
    /// <returns>False where the answer is not about what was asked.</returns>
    public static bool TryMatch(
        List<ProducerBatch> batches, ProduceRequest request, ProduceResponse response, ProduceResponse.PartitionProduceResponse[] parts)
    {
        for (var i = 0; i < batches.Count; i++)
        {
            parts[i].Index = Unanswered;
        }

        var matched = 0;
        foreach (var topic in response.Responses)
        {
            var (from, to) = Find(request, topic);
            var next = from;
            foreach (ref readonly var part in topic.PartitionResponses.AsSpan())
            {
                // Most brokers keep the order of the request.
                var index = part.Index;
                var at = next < to && batches[next].Partition.Name.Partition == index
                    ? next
                    : batches.FindIndex(from, to - from, batch => batch.Partition.Name.Partition == index);
                if (at < 0 || parts[at].Index != Unanswered)
                {
                    return false;
                }

                parts[at] = part;
                next = at + 1;
                matched++;
            }
        }

        return matched == batches.Count;
    }

    /// <summary>Which batches a topic's answers are about; none where it was not asked about.</summary>
    private static (int From, int To) Find(ProduceRequest request, ProduceResponse.TopicProduceResponse answered)
    {
        var from = 0;
        foreach (var asked in request.TopicData)
        {
            var to = from + asked.PartitionData.Length;
            if (answered.Name.Length > 0 ? answered.Name == asked.Name : answered.TopicId == asked.TopicId)
            {
                return (from, to);
            }

            from = to;
        }

        return (0, 0);
    }
}
