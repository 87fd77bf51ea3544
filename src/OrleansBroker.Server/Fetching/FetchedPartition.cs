using OrleansBroker.Core.Partitions;
using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Messages;
using OrleansBroker.Protocol.Records;

namespace OrleansBroker.Server.Fetching;

/// <summary>
/// One partition of a fetch: what is asked of it, what was read, and, in a session, what the client was told last. Sessions
/// keep theirs; other fetches use those of their connection again and again.
/// </summary>
internal sealed class FetchedPartition
{
    private const long Unknown = -1;

    private Partition? _partition;
    private long _fetchOffset;
    private int _bytesMax;
    private int _currentLeaderEpoch;
    private int _lastFetchedEpoch;

    private long _toldHighWatermark = Unknown;
    private long _toldLogStartOffset = Unknown;

    public FetchKey Key { get; private set; }

    /// <summary>The place in its session's list.</summary>
    public int Place { get; set; }

    /// <summary>The partition, where there is one.</summary>
    public Partition? Partition => _partition;

    public ErrorCode Error { get; private set; }

    public RecordSet Records { get; private set; }

    public FetchResponse.EpochEndOffset? DivergingEpoch { get; private set; }

    public long HighWatermark { get; private set; }

    public long LastStableOffset { get; private set; }

    public long LogStartOffset { get; private set; }

    /// <summary>Whether the client has to hear of it at once, even where there are no records.</summary>
    public bool IsUrgent => Error != ErrorCode.None || DivergingEpoch is not null;

    /// <summary>Whether there is anything that the session's client was not told yet.</summary>
    public bool HasNews =>
        IsUrgent || Records.Length > 0 || HighWatermark != _toldHighWatermark || LogStartOffset != _toldLogStartOffset;

    /// <summary>Makes it another partition.</summary>
    public void Be(in FetchKey key)
    {
        if (Key != key)
        {
            Key = key;
            _partition = null;
        }

        _toldHighWatermark = Unknown;
        _toldLogStartOffset = Unknown;
    }

    /// <summary>Takes over what a request asks.</summary>
    public void Ask(in FetchRequest.FetchPartition asked)
    {
        _fetchOffset = asked.FetchOffset;
        _bytesMax = asked.PartitionMaxBytes;
        _currentLeaderEpoch = asked.CurrentLeaderEpoch;
        _lastFetchedEpoch = asked.LastFetchedEpoch;
    }

    /// <summary>Reads as far as the request and the partition allow.</summary>
    /// <param name="bytesMax">What the response has room for.</param>
    /// <param name="atLeastOneBatch">Whether a first batch that is larger is read all the same.</param>
    public void Read(PartitionTable partitions, int bytesMax, bool atLeastOneBatch)
    {
        Records = RecordSet.Empty;
        DivergingEpoch = null;
        Error = Find(partitions);
        if (Error == ErrorCode.None)
        {
            Error = _partition!.CheckEpoch(_currentLeaderEpoch);
        }

        if (Error == ErrorCode.None && _lastFetchedEpoch >= 0)
        {
            Error = CompareEpochs(_partition!);
        }

        if (Error == ErrorCode.None && DivergingEpoch is null)
        {
            Error = ReadRecords(_partition!, Math.Min(bytesMax, _bytesMax), atLeastOneBatch);
        }

        var isKnown = Error == ErrorCode.None;
        HighWatermark = isKnown ? _partition!.HighWatermark : Unknown;
        LastStableOffset = isKnown ? _partition!.LastStableOffset : Unknown;
        LogStartOffset = isKnown ? _partition!.LogStartOffset : Unknown;
    }

    /// <summary>Refuses the fetch of this partition.</summary>
    public void Refuse(ErrorCode error)
    {
        Error = error;
        Records = RecordSet.Empty;
        DivergingEpoch = null;
        HighWatermark = LastStableOffset = LogStartOffset = Unknown;
    }

    /// <summary>The client is about to be told. After an error it is told again next time, whether or not the error has gone.</summary>
    public void Told()
    {
        _toldHighWatermark = IsUrgent ? Unknown : HighWatermark;
        _toldLogStartOffset = LogStartOffset;
        Records = RecordSet.Empty;
    }

    private ErrorCode Find(PartitionTable partitions)
    {
        if (_partition is { IsClosed: false })
        {
            return ErrorCode.None;
        }

        return Key.TopicId == Guid.Empty && Key.Topic.Length > 0
            ? partitions.Lookup(Key.Topic, Key.Partition, out _partition)
            : partitions.Lookup(Key.TopicId, Key.Partition, out _partition);
    }

    private ErrorCode ReadRecords(Partition partition, int bytesMax, bool atLeastOneBatch)
    {
        // Most partitions of a large session have nothing new: they cost no more than this.
        if (_fetchOffset == partition.HighWatermark && _fetchOffset >= partition.LogStartOffset)
        {
            return ErrorCode.None;
        }

        if (bytesMax <= 0 && !atLeastOneBatch)
        {
            var isInRange = _fetchOffset >= partition.LogStartOffset && _fetchOffset <= partition.Log.LogEndOffset;
            return isInRange ? ErrorCode.None : ErrorCode.OffsetOutOfRange;
        }

        var read = partition.Read(_fetchOffset, Math.Max(bytesMax, 0), atLeastOneBatch);
        if (read.Error == ErrorCode.None)
        {
            Records = read.Records.IsNull ? RecordSet.Empty : read.Records;
        }

        return read.Error;
    }

    /// <summary>Finds out whether the fetcher's log parted from this one below its fetch offset (KIP-595).</summary>
    private ErrorCode CompareEpochs(Partition partition)
    {
        var end = partition.Log.EndOffsetFor(new LeaderEpoch(_lastFetchedEpoch));
        if (end.EndOffset < 0 || end.Epoch.Value < 0 || _fetchOffset < partition.LogStartOffset)
        {
            return ErrorCode.OffsetOutOfRange;
        }

        if (end.Epoch.Value < _lastFetchedEpoch || end.EndOffset < _fetchOffset)
        {
            DivergingEpoch = new FetchResponse.EpochEndOffset { Epoch = end.Epoch.Value, EndOffset = end.EndOffset };
        }

        return ErrorCode.None;
    }
}
