using OrleansBroker.Protocol.Messages;

namespace OrleansBroker.Simulator.Clients;

/// <summary>A consumer's fetch session with one broker (KIP-227): each request names only what has changed since the one before.</summary>
internal sealed class ConsumerSession(string topic)
{
    private readonly SortedDictionary<int, FetchRequest.FetchPartition> _named = [];
    private int _id;
    private int _epoch;

    /// <summary>Makes a request out of what is wanted, of which the broker knows a part already.</summary>
    public void Fill(FetchRequest request, IReadOnlyCollection<FetchRequest.FetchPartition> wanted)
    {
        var news = wanted.Where(partition => !_named.TryGetValue(partition.Partition, out var before) || !before.Equals(partition)).ToArray();
        var gone = _named.Keys.Except(wanted.Select(partition => partition.Partition)).ToArray();
        request.SessionId = _id;
        request.SessionEpoch = _epoch;
        request.Topics = news.Length == 0 ? [] : [new() { Topic = topic, Partitions = news }];
        request.ForgottenTopicsData = gone.Length == 0 ? [] : [new() { Topic = topic, Partitions = gone }];
        Array.ForEach(gone, partition => _named.Remove(partition));
        Array.ForEach(news, partition => _named[partition.Partition] = partition);
    }

    /// <summary>The broker has answered without an error.</summary>
    public void Note(FetchResponse response)
    {
        if (response.SessionId == 0)
        {
            End();
            return;
        }

        _id = response.SessionId;
        _epoch++;
    }

    /// <summary>The next request begins another session.</summary>
    public void End()
    {
        _named.Clear();
        (_id, _epoch) = (0, FetchRequest.InitialEpoch);
    }
}
