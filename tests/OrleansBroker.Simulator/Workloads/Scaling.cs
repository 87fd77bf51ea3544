using OrleansBroker.Core.Configuration;
using OrleansBroker.Core.Metadata;
using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Messages;
using OrleansBroker.Simulator.Brokers;
using OrleansBroker.Simulator.Clients;
using OrleansBroker.Simulator.Engine;
using OrleansBroker.Simulator.Faults;

namespace OrleansBroker.Simulator.Workloads;

/// <summary>Brokers join with an empty disk, and are told to leave: some stay after all, some are lost with their machine.</summary>
internal sealed class Scaling
{
    /// <summary>As many brokers as a partition has replicas stay.</summary>
    private const int StayingMin = 3;

    private readonly SimulatedCluster _cluster;
    private readonly Chance _chance;
    private readonly Func<ClusterClient> _newClient;
    private readonly bool _isOn;
    private readonly bool _mayLose;
    private readonly SortedSet<int> _leaving = [];
    private readonly HashSet<int> _unanswered = [];
    private readonly HashSet<int> _undone = [];
    private readonly Dictionary<int, int> _lives = [];
    private readonly List<string> _told = [];
    private ClusterClient? _client;
    private int _telling;

    /// <param name="mayLose">Whether machines may be lost: nothing else makes one forget what it alone is known to have.</param>
    public Scaling(SimulatedCluster cluster, bool mayLose, Func<ClusterClient> newClient)
    {
        _mayLose = mayLose;
        _cluster = cluster;
        _newClient = newClient;
        _chance = cluster.World.Chance.Branch("scaling");
        _isOn = _chance.Happens(0.5);
    }

    /// <summary>
    /// Who was told to leave, in the end. Where an answer was lost of somebody who was told both, either may have been heard last; and who
    /// was gone for a while since may have left, and come back as one that is new.
    /// </summary>
    /// <param name="image">What was heard.</param>
    public IReadOnlySet<int> Leaving(MetadataImage image) => Enumerable.Range(0, _cluster.Brokers.Length)
        .Where(broker => IsUnsure(broker) ? image.Decommissioned.Contains(new BrokerId(broker)) : _leaving.Contains(broker))
        .ToHashSet();

    /// <summary>Whether the cluster has not answered yet.</summary>
    public bool IsTelling => _telling > 0;

    public void Begin(TimeSpan duration)
    {
        if (!_isOn)
        {
            return;
        }

        _client = _newClient();
        for (var joins = _chance.Between(1, 2); joins > 0; joins--)
        {
            At(TimeSpan.Zero, 0.7 * duration, () => _told.Add($"{_cluster.Join().Id} joins"));
        }

        for (var leaves = _chance.Between(0, 2); leaves > 0; leaves--)
        {
            At(0.2 * duration, 0.9 * duration, () => Leave(duration));
        }
    }

    public override string ToString() => string.Concat(_told.Select(told => $" + {told}"));

    private void Leave(TimeSpan duration)
    {
        var staying = _cluster.Brokers.Where(broker => !_leaving.Contains(broker.Id)).ToArray();
        if (staying.Length <= StayingMin)
        {
            return;
        }

        var broker = _chance.Of(staying);
        _leaving.Add(broker.Id);
        Tell(broker.Id, isLeaving: true);
        var (isLost, staysAfterAll) = (_chance.Happens(0.3), _chance.Happens(0.3));
        At(TimeSpan.Zero, 0.2 * duration, () =>
        {
            if (isLost && _mayLose && PowerLossRule.MayHit(_cluster, broker))
            {
                _told.Add($"{broker.Id} is lost");
                broker.Retire();
            }
            else if (staysAfterAll)
            {
                _leaving.Remove(broker.Id);
                _undone.Add(broker.Id);
                Tell(broker.Id, isLeaving: false);
            }
        });
    }

    private bool IsUnsure(int broker) =>
        (_unanswered.Contains(broker) && _undone.Contains(broker))
        || (_leaving.Contains(broker) && !_cluster.Brokers[broker].IsRetired && _cluster.Brokers[broker].Life > _lives.GetValueOrDefault(broker));

    /// <summary>Says it until it is answered: an answer may be lost.</summary>
    private void Tell(int broker, bool isLeaving)
    {
        _told.Add($"{broker} {(isLeaving ? "leaves" : "stays")}");
        _telling++;
        _client!.Process.Start(async () =>
        {
            while (!await TryTellAsync(broker, isLeaving))
            {
                await _client.BackOff();
            }

            _lives[broker] = _cluster.Brokers[broker].Life;
            _telling--;
        });
    }

    private async Task<bool> TryTellAsync(int broker, bool isLeaving)
    {
        if (_leaving.Contains(broker) != isLeaving)
        {
            // It was told something else since.
            return true;
        }

        try
        {
            var operation = isLeaving ? ConfigOperation.Set : ConfigOperation.Delete;
            var response = await _client!.CallAsync<IncrementalAlterConfigsRequest, IncrementalAlterConfigsResponse>(
                _client.AnyBroker(),
                new IncrementalAlterConfigsRequest
                {
                    Resources = [new() { ResourceType = 4, ResourceName = $"{broker}", Configs = [new() { Name = "broker.decommission", ConfigOperation = (sbyte)operation, Value = isLeaving ? "true" : null }] }],
                },
                1);
            _client.Process.Note($"broker {broker} {(isLeaving ? "is to leave" : "stays")}: {response.Responses[0].ErrorCode} {response.Responses[0].ErrorMessage}");

            // One that was lost before anybody heard of it is not known to the cluster, and holds nothing.
            return response.Responses[0].ErrorCode == ErrorCode.None || (response.Responses[0].ErrorCode == ErrorCode.InvalidRequest && _cluster.Brokers[broker].IsRetired);
        }
        catch (IOException)
        {
            _unanswered.Add(broker);
            return false;
        }
    }

    private void At(TimeSpan least, TimeSpan most, Action action) => _cluster.World.After(_chance.Ticks(least.Ticks, most.Ticks), action);
}
