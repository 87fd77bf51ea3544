using System.Diagnostics.CodeAnalysis;
using System.Threading.Channels;
using OrleansBroker.Protocol;

namespace OrleansBroker.Client.Consuming;

/// <summary>
/// Where those who fetch meet the application that consumes: the partitions, and what was fetched ahead of them, in the order
/// in which it came, so that no partition starves another. One lock guards all of it.
/// </summary>
internal sealed class FetchBuffer(ConsumerOptions options)
{
    /// <summary>Of one partition this many answers may wait, so that the next is on its way while one is read.</summary>
    private const int AnswersAhead = 2;

    private readonly Lock _gate = new();
    private readonly Dictionary<TopicPartition, PartitionFetch> _partitions = [];
    private readonly Channel<object> _fetched = Channel.CreateUnbounded<object>();
    private long _bufferedBytes;

    /// <summary>Something was assigned, or is to be read from elsewhere.</summary>
    public event Action? Changed;

    /// <summary>Something was consumed: there may be room to fetch more.</summary>
    public event Action? Consumed;

    public TopicPartition[] Assignment => Locked(() => _partitions.Keys.ToArray());

    /// <summary>Takes the place of the assignment. A partition that stays goes on where it is, unless an offset is named.</summary>
    public void Assign(IEnumerable<TopicPartitionOffset> assignment) => Change(() =>
    {
        var wanted = assignment.ToDictionary(each => each.TopicPartition, each => each.Offset);
        foreach (var (name, partition) in _partitions.ToArray())
        {
            if (!wanted.ContainsKey(name))
            {
                partition.Seek(partition.Position);
                _partitions.Remove(name);
            }
        }

        foreach (var (name, offset) in wanted)
        {
            if (!_partitions.TryGetValue(name, out var partition))
            {
                _partitions.Add(name, new PartitionFetch(name, offset));
            }
            else if (offset != Offset.Unset)
            {
                partition.Seek(offset);
            }
        }
    });

    /// <exception cref="InvalidOperationException">The partition is not assigned.</exception>
    public void Change(TopicPartition name, Action<PartitionFetch> change) => Change(() => change(Of(name)));

    /// <inheritdoc cref="Change(TopicPartition, Action{PartitionFetch})"/>
    public T Read<T>(TopicPartition name, Func<PartitionFetch, T> read) => Locked(() => read(Of(name)));

    /// <summary>What the fetching side has to say about a partition; nothing where the version is an older one.</summary>
    public bool TryUpdate(PartitionFetch partition, int version, Action<PartitionFetch> update)
    {
        lock (_gate)
        {
            if (partition.Version != version)
            {
                return false;
            }

            update(partition);
            return true;
        }
    }

    /// <summary>Whether the application has not consumed yet all that was fetched before.</summary>
    public bool HasUnread(FetchTarget target)
    {
        var hasUnread = false;
        TryUpdate(target.Partition, target.Version, partition => hasUnread = partition.Position != target.FetchOffset);
        return hasUnread;
    }

    /// <summary>The application gets the records before <paramref name="nextOffset"/>.</summary>
    /// <returns>False where it has said meanwhile that it goes on elsewhere.</returns>
    public bool TryConsume(PartitionFetch partition, int version, long nextOffset)
    {
        lock (_gate)
        {
            if (partition.Version != version)
            {
                return false;
            }

            partition.NoteConsumed(nextOffset);
            return true;
        }
    }

    /// <summary>Those that are to be read and for which <paramref name="choose"/> answers something.</summary>
    public List<T> Select<T>(Func<PartitionFetch, T?> choose)
        where T : struct
    {
        lock (_gate)
        {
            var chosen = new List<T>();
            foreach (var partition in _partitions.Values)
            {
                if (partition.IsWanted && choose(partition) is { } one)
                {
                    chosen.Add(one);
                }
            }

            return chosen;
        }
    }

    /// <summary>Whether more of the partition is to be fetched ahead. Under the lock.</summary>
    public bool HasRoomFor(PartitionFetch partition) =>
        partition.BufferedBytes < (long)AnswersAhead * options.MaxPartitionFetchBytes && _bufferedBytes < options.PrefetchBytesMax;

    /// <summary>Passes on what was fetched, which is disposed of where it is not wanted any more.</summary>
    public void Add(FetchedPart part, long nextOffset, int leaderEpoch)
    {
        var isTaken = false;
        TryUpdate(part.Partition, part.Version, partition =>
        {
            partition.NoteFetched(nextOffset, leaderEpoch);
            partition.BufferedBytes += part.Batches.Length;
            _bufferedBytes += part.Batches.Length;
            isTaken = _fetched.Writer.TryWrite(part);
        });
        if (!isTaken)
        {
            part.Dispose();
        }
    }

    /// <summary>The application is told as soon as it has consumed what was fetched before.</summary>
    public void Fail(PartitionFetch partition, int version, ConsumeException reason) => TryUpdate(partition, version, failed =>
    {
        failed.HasFailed = true;
        _fetched.Writer.TryWrite(new FetchFailure(partition, version, reason));
    });

    /// <summary>Tells the application what concerns no partition of its own.</summary>
    public void Fail(KafkaException reason) => _fetched.Writer.TryWrite(reason);

    /// <summary>What comes next, if it is there: a part that is still wanted.</summary>
    /// <exception cref="KafkaException">Something cannot be read.</exception>
    public bool TryTake([NotNullWhen(true)] out FetchedPart? part)
    {
        while (_fetched.Reader.TryRead(out var next))
        {
            switch (next)
            {
                case FetchedPart fetched when IsCurrent(fetched.Partition, fetched.Version):
                    part = fetched;
                    return true;
                case FetchedPart old:
                    Release(old);
                    break;
                case FetchFailure failure when IsCurrent(failure.Partition, failure.Version):
                    // Until the application does something about it, it is told each time.
                    _fetched.Writer.TryWrite(failure);
                    throw failure.Reason;
                case KafkaException reason:
                    throw reason;
                default:
                    break;
            }
        }

        part = null;
        return false;
    }

    /// <summary>Waits until <see cref="TryTake"/> may find something.</summary>
    public ValueTask<bool> WaitAsync(CancellationToken cancellation) => _fetched.Reader.WaitToReadAsync(cancellation);

    public bool IsCurrent(PartitionFetch partition, int version)
    {
        lock (_gate)
        {
            return partition.Version == version;
        }
    }

    /// <summary>The application has read the part, or does not want it any more.</summary>
    public void Release(FetchedPart part)
    {
        lock (_gate)
        {
            part.Partition.BufferedBytes -= part.Batches.Length;
            _bufferedBytes -= part.Batches.Length;
        }

        part.Dispose();
        Consumed?.Invoke();
    }

    /// <summary>Nothing is consumed any more; who waits is told.</summary>
    public void Close()
    {
        _fetched.Writer.TryComplete();
        while (_fetched.Reader.TryRead(out var left))
        {
            (left as FetchedPart)?.Dispose();
        }
    }

    private PartitionFetch Of(TopicPartition name) =>
        _partitions.TryGetValue(name, out var partition) ? partition : throw new InvalidOperationException($"{name} is not assigned");

    private T Locked<T>(Func<T> read)
    {
        lock (_gate)
        {
            return read();
        }
    }

    private void Change(Action change)
    {
        lock (_gate)
        {
            change();
        }

        Changed?.Invoke();
    }

    private sealed record FetchFailure(PartitionFetch Partition, int Version, ConsumeException Reason);
}
