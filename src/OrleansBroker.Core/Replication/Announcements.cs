using OrleansBroker.Core.Peers;
using OrleansBroker.Protocol;

namespace OrleansBroker.Core.Replication;

/// <summary>
/// What this broker stored as a leader, or what made an end of its leadership, by version, and how much of what each other broker announced has been heard. A push tells
/// at once; whoever misses one pulls.
/// </summary>
internal sealed class Announcements(BrokerId self, long brokerEpoch)
{
    private readonly Lock _gate = new();
    private readonly SortedDictionary<long, PartitionState> _byVersion = [];
    private readonly Dictionary<ReplicaKey, long> _versions = [];
    private readonly Dictionary<BrokerId, (long BrokerEpoch, long Version)> _heard = [];
    private long _version;
    private long _pushed;

    /// <summary>Called when there is something to push.</summary>
    public Action? Noted { get; set; }

    /// <summary>This broker has stored a state, or leads no more as another has.</summary>
    public void Note(PartitionState state)
    {
        var key = new ReplicaKey(state.TopicId, state.Partition);
        lock (_gate)
        {
            if (_versions.TryGetValue(key, out var earlier))
            {
                if (_byVersion[earlier].IsNewerThan(state.LeaderEpoch, state.PartitionEpoch))
                {
                    return;
                }

                _byVersion.Remove(earlier);
            }

            _versions[key] = ++_version;
            _byVersion[_version] = state;
        }

        Noted?.Invoke();
    }

    /// <summary>The topic is gone.</summary>
    public void Forget(ReplicaKey key)
    {
        lock (_gate)
        {
            if (_versions.Remove(key, out var version))
            {
                _byVersion.Remove(version);
            }
        }
    }

    /// <summary>What has not been pushed yet; null where that is nothing.</summary>
    public Announcement? TakeUnpushed()
    {
        lock (_gate)
        {
            if (_pushed == _version)
            {
                return null;
            }

            var news = Since(_pushed);
            _pushed = _version;
            return news;
        }
    }

    /// <summary>All that came after a version of this life of the broker, or all there is.</summary>
    public Announcement Since(long epoch, long version)
    {
        lock (_gate)
        {
            return Since(epoch == brokerEpoch ? version : 0);
        }
    }

    /// <summary>How far another broker has been heard.</summary>
    public (long BrokerEpoch, long Version) HeardOf(BrokerId broker)
    {
        lock (_gate)
        {
            return _heard.GetValueOrDefault(broker, (-1, 0));
        }
    }

    /// <summary>An announcement has been taken in; one that does not join on to what was heard before does not count.</summary>
    public void NoteHeard(Announcement news)
    {
        lock (_gate)
        {
            var (epoch, version) = _heard.GetValueOrDefault(news.From, (-1, 0));
            var known = epoch == news.BrokerEpoch ? version : 0;
            if (news.BrokerEpoch >= epoch && news.Since <= known && news.Version >= known)
            {
                _heard[news.From] = (news.BrokerEpoch, news.Version);
            }
        }
    }

    private Announcement Since(long version)
    {
        var states = new List<PartitionState>();
        if (version < _version)
        {
            foreach (var (at, state) in _byVersion)
            {
                if (at > version)
                {
                    states.Add(state);
                }
            }
        }

        return new Announcement(self, brokerEpoch, version, _version, states);
    }
}
