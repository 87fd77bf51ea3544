using OrleansBroker.Core.Partitions;
using OrleansBroker.Protocol.Messages;

namespace OrleansBroker.Server.Fetching;

/// <summary>What one connection's fetches use again and again: their partitions, unless a session has them, and the long poll.</summary>
internal sealed class FetchConnection : IDisposable
{
    /// <summary>So many partitions are kept for the next fetch without a session.</summary>
    private const int KeptMax = 256;

    private readonly List<FetchedPartition> _own = [];
    private readonly List<FetchedPartition> _current = [];
    private FetchPoll? _poll;

    /// <summary>The session of the fetch that is being handled, or null.</summary>
    public FetchSession? Session { get; private set; }

    /// <summary>The partitions of the fetch that is being handled.</summary>
    public List<FetchedPartition> Partitions { get; private set; } = [];

    /// <summary>Bytes of records that were read.</summary>
    public long Bytes { get; private set; }

    /// <summary>Whether a partition has something to say that does not wait.</summary>
    public bool IsUrgent { get; private set; }

    public FetchPoll Poll(TimeProvider clock, CancellationToken closed) => _poll ??= new FetchPoll(clock, closed);

    public void Begin(FetchSession session)
    {
        Session = session;
        Partitions = session.Partitions;
    }

    public void Begin(FetchRequest request, bool usesTopicIds)
    {
        _current.Clear();
        foreach (ref var topic in request.Topics.AsSpan())
        {
            foreach (ref var asked in topic.Partitions.AsSpan())
            {
                var partition = Own(_current.Count);
                partition.Be(usesTopicIds
                    ? new FetchKey(string.Empty, topic.TopicId, asked.Partition)
                    : new FetchKey(topic.Topic, Guid.Empty, asked.Partition));
                partition.Ask(asked);
                _current.Add(partition);
            }
        }

        Session = null;
        Partitions = _current;
    }

    public void End()
    {
        Session?.Exit();
        Session = null;
        if (_own.Count > KeptMax)
        {
            _own.RemoveRange(KeptMax, _own.Count - KeptMax);
            _current.Clear();
            _current.Capacity = KeptMax;
        }
    }

    /// <summary>Reads from every partition, beginning where the session's turn is, until the response is full.</summary>
    public void Read(PartitionTable table, int bytesMax)
    {
        Bytes = 0;
        IsUrgent = false;
        var count = Partitions.Count;
        var start = Session is { } session && count > 0 ? session.Start % count : 0;
        for (var i = 0; i < count; i++)
        {
            var at = start + i < count ? start + i : start + i - count;
            var partition = Partitions[at];
            partition.Read(table, (int)Math.Max(bytesMax - Bytes, 0), atLeastOneBatch: Bytes == 0);
            Bytes += partition.Records.Length;
            IsUrgent |= partition.IsUrgent;
            if (partition.Records.Length > 0 && Session is not null)
            {
                Session.Start = at + 1;
            }
        }
    }

    public void Listen(FetchPoll poll)
    {
        foreach (var partition in Partitions)
        {
            partition.Partition?.Listen(poll);
        }
    }

    public void Unlisten(FetchPoll poll)
    {
        foreach (var partition in Partitions)
        {
            partition.Partition?.Unlisten(poll);
        }
    }

    public void Refuse(Protocol.ErrorCode error)
    {
        foreach (var partition in Partitions)
        {
            partition.Refuse(error);
        }
    }

    /// <summary>Also gives back the session of a fetch that was not brought to its end.</summary>
    public void Dispose()
    {
        Session?.Exit();
        _poll?.Dispose();
    }

    private FetchedPartition Own(int index)
    {
        if (index == _own.Count)
        {
            _own.Add(new FetchedPartition());
        }

        return _own[index];
    }
}
