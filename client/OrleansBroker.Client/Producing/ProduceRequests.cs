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

    /// <summary>
    /// What the broker says about each batch, in the order of the batches. A broker answers in the order of the request, so that
    /// the topics can be told apart whether they have names or ids.
    /// </summary>
    /// <returns>False where the answer is not about what was asked.</returns>
    public static bool TryMatch(List<ProducerBatch> batches, ProduceResponse response, ProduceResponse.PartitionProduceResponse[] parts)
    {
        for (var i = 0; i < batches.Count; i++)
        {
            parts[i].Index = Unanswered;
        }

        var next = 0;
        foreach (var topic in response.Responses)
        {
            var (first, name) = (next, next < batches.Count ? batches[next].Partition.Name.Topic : string.Empty);
            if (topic.Name.Length > 0 && topic.Name != name)
            {
                return false;
            }

            foreach (ref readonly var part in topic.PartitionResponses.AsSpan())
            {
                var index = part.Index;
                var at = next < batches.Count && batches[next].Partition.Name.Partition == index
                    ? next
                    : batches.FindIndex(first, batch => batch.Partition.Name.Topic == name && batch.Partition.Name.Partition == index);
                if (at < 0 || parts[at].Index != Unanswered)
                {
                    return false;
                }

                parts[at] = part;
                next++;
            }
        }

        return next == batches.Count;
    }
}
