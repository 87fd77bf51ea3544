using OrleansBroker.Protocol;

namespace OrleansBroker.Core.Replication;

/// <summary>How far a follower is, as its fetches tell. Changed under the leadership's lock.</summary>
internal sealed class FollowerProgress(BrokerId broker, long timestamp)
{
    private long _lastFetchTimestamp = timestamp;
    private long _leaderEndAtLastFetch;

    public BrokerId Broker { get; } = broker;

    /// <summary>The life of its broker that fetches; -1 before the first fetch of this leadership.</summary>
    public long BrokerEpoch { get; private set; } = -1;

    /// <summary>-1 where it is not known: it has not fetched under this leadership.</summary>
    public long LogEndOffset { get; private set; } = -1;

    public long LogStartOffset { get; set; }

    /// <summary>Its log has failed: it has nothing that counts before it fetches again.</summary>
    public bool HasFailed { get; private set; }

    /// <summary>When it last had all that the leader had, by the broker's clock.</summary>
    public long CaughtUpTimestamp { get; private set; } = timestamp;

    /// <summary>
    /// It is caught up when it asks for the leader's end; or else at the time of its fetch before, when it asks for at least what
    /// was the end then.
    /// </summary>
    public void NoteFetched(long brokerEpoch, long fetchOffset, long leaderEndOffset, long timestamp)
    {
        if (fetchOffset >= leaderEndOffset)
        {
            CaughtUpTimestamp = Math.Max(CaughtUpTimestamp, timestamp);
        }
        else if (LogEndOffset >= 0 && fetchOffset >= _leaderEndAtLastFetch)
        {
            CaughtUpTimestamp = Math.Max(CaughtUpTimestamp, _lastFetchTimestamp);
        }

        HasFailed = false;
        BrokerEpoch = brokerEpoch;
        LogEndOffset = fetchOffset;
        _leaderEndAtLastFetch = leaderEndOffset;
        _lastFetchTimestamp = timestamp;
    }

    public void NoteFailed(long brokerEpoch)
    {
        HasFailed = true;
        BrokerEpoch = brokerEpoch;
        LogEndOffset = -1;
    }
}
