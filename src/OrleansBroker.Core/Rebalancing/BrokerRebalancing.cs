using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using OrleansBroker.Core.Configuration;
using OrleansBroker.Core.Metadata;
using OrleansBroker.Core.Peers;
using OrleansBroker.Core.Ports;
using OrleansBroker.Core.Replication;
using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Messages;

namespace OrleansBroker.Core.Rebalancing;

/// <summary>
/// Has partitions moved to brokers that are new, and off those that are to leave for good, a few at a time. The controller does it,
/// by what it knows; who takes itself for the controller and is not does no harm, as the leaders of partitions refuse what was decided
/// from anything but what there is (<see cref="MoveReplicas"/>).
/// <code>
/// a broker joins -> delay: nobody came or went -> moves, some at once -> it has its share -> it is new no more
/// broker.decommission -> moves, some at once -> it holds nothing -> it is stopped, four delays -> it is forgotten
/// </code>
/// </summary>
public sealed class BrokerRebalancing : IAsyncDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    /// <summary>How long a partition is left alone whose move was refused: others have their turn.</summary>
    private static readonly TimeSpan RefusalPause = TimeSpan.FromSeconds(10);

    /// <summary>A broker that is forgotten and lives after all would be given its share again: that it is gone has to be beyond doubt.</summary>
    private const int DelaysUntilForgotten = 4;

    private readonly RebalanceServices _services;
    private readonly ILogger _logger;
    private readonly BalancedBrokers _balanced;
    private readonly RebalanceProgress _progress;
    private readonly WakeUp _due;
    private readonly IDisposable _membership;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Dictionary<ReplicaKey, long> _refused = [];
    private readonly SortedSet<ReplicaKey> _moved = [];
    private readonly Task _running;
    private (MetadataImage, ClusterView, BrokerConfig)? _settled;
    private string _seen = string.Empty;
    private long _seenSince;

    public BrokerRebalancing(RebalanceServices services)
    {
        _services = services;
        _logger = services.Loggers.CreateLogger<BrokerRebalancing>();
        _balanced = new BalancedBrokers(services.Documents, services.Random);
        _progress = new RebalanceProgress(services.Clock, _logger);
        _due = new WakeUp(services.Clock);
        _membership = services.Membership.Subscribe(_ => _due.Call());
        _running = RunAsync(_stopping.Token);
    }

    public async ValueTask DisposeAsync()
    {
        _membership.Dispose();
        _stopping.Cancel();
        await _running;
        _stopping.Dispose();
    }

    private async Task RunAsync(CancellationToken stopping)
    {
        await Task.Yield();
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                await SweepAsync(stopping);

                // A broker that is alone has nobody to move anything to, and an idle one should not wake.
                await _due.SleepAsync(_services.Membership.Current.Brokers.Length > 1 ? Interval : Timeout.InfiniteTimeSpan, stopping);
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                if (e is IOException)
                {
                    RebalanceLog.Failed(_logger, e.Message);
                }
                else
                {
                    RebalanceLog.Broke(_logger, e);
                }

                await Task.Delay(Interval, _services.Clock, CancellationToken.None);
            }
        }
    }

    private async ValueTask SweepAsync(CancellationToken stopping)
    {
        var (image, brokers, config) = (_services.Metadata.Current, _services.Membership.Current, _services.Config.Current);
        NoteMembership(brokers);
        if (brokers.Controller != _services.Self || brokers.Brokers.Length < 2)
        {
            _settled = null;
            _progress.Forget();
            return;
        }

        if (_settled == (image, brokers, config))
        {
            return;
        }

        EndPauses();
        await ElectPreferredAsync(image, brokers, config, stopping);
        var calmMs = _services.Clock.GetElapsedTime(_seenSince).TotalMilliseconds;
        var isCalm = calmMs >= config.AutoRebalanceDelayMs;
        if (await ReadBalancedAsync(image, stopping) is not { } balanced)
        {
            return;
        }

        var survey = new RebalanceSurvey(image, brokers, balanced, config.AutoRebalanceMode, _refused.ContainsKey);
        var isAnyNew = await NoteBalancedAsync(survey, balanced, stopping);
        var plan = RebalancePlanner.Plan(isCalm ? survey.Brokers : survey.BrokersThatKeep, survey.Partitions, Math.Max(0, config.AutoRebalanceConcurrentMoves - survey.UnderWay));
        _progress.Show(survey, plan, image);
        await MoveAsync([.. isCalm ? survey.Abandoned : [], .. plan.Moves], survey, stopping);
        var isForgotten = await ForgetAsync(survey, brokers, isDue: calmMs >= DelaysUntilForgotten * (double)config.AutoRebalanceDelayMs, stopping);
        if (plan.Moves.Count == 0 && !isAnyNew && !survey.IsMoving && _moved.Count == 0 && _refused.Count == 0 && isForgotten && isCalm)
        {
            _settled = (image, brokers, config);
        }
    }

    private void NoteMembership(ClusterView brokers)
    {
        var seen = string.Join(' ', brokers.Brokers.Select(broker => $"{broker.Id}@{broker.Epoch}{(broker.IsDraining ? "-" : string.Empty)}"));
        if (seen != _seen)
        {
            _seen = seen;
            _seenSince = _services.Clock.GetTimestamp();
        }
    }

    /// <summary>Where nobody has noted any, those that hold something have not just come. Null where another broker noted some just now.</summary>
    private async ValueTask<ImmutableHashSet<BrokerId>?> ReadBalancedAsync(MetadataImage image, CancellationToken stopping)
    {
        if (await _balanced.ReadAsync(stopping) is { } noted)
        {
            return noted;
        }

        ImmutableHashSet<BrokerId> holders = [.. image.Topics.SelectMany(topic => topic.Partitions).SelectMany(partition => partition.Replicas)];
        return await _balanced.WriteAsync(holders, stopping) ? holders : null;
    }

    /// <summary>Brokers that have their share are new no more; those that leave will be, should they come back.</summary>
    /// <returns>Whether there is somebody who is.</returns>
    private async ValueTask<bool> NoteBalancedAsync(RebalanceSurvey survey, ImmutableHashSet<BrokerId> balanced, CancellationToken stopping)
    {
        var noted = balanced.Except(survey.Decommissioned);
        BrokerId[] receiving = [.. survey.Receiving.Where(broker => !balanced.Contains(broker))];
        if (receiving.Length > 0 && survey.IsAtRest && survey.IsComplete && RebalancePlanner.Plan(survey.Brokers, survey.Partitions, movesMax: 1).Moves.Count == 0)
        {
            noted = noted.Union(receiving);
        }

        if (noted.SetEquals(balanced))
        {
            return receiving.Length > 0;
        }

        if (!await _balanced.WriteAsync(noted, stopping))
        {
            return true;
        }

        if (noted.Except(balanced) is { IsEmpty: false } added)
        {
            RebalanceLog.Balanced(_logger, RebalanceProgress.Print(added));
        }

        return !receiving.All(noted.Contains);
    }

    private async ValueTask MoveAsync(RebalanceMove[] moves, RebalanceSurvey survey, CancellationToken stopping)
    {
        var asked = moves.DistinctBy(move => move.Key).GroupBy(move => survey.Find(move.Key)!.Leader).Select(group => (Leader: group.Key, Moves: group.ToArray())).ToArray();
        var answers = await Task.WhenAll(asked.Select(each => AskAsync(each.Leader, each.Moves, stopping)));
        for (var i = 0; i < asked.Length; i++)
        {
            for (var j = 0; j < asked[i].Moves.Length; j++)
            {
                Note(asked[i].Moves[j].Key, answers[i]?[j]);
            }
        }

        // What is planned next counts what has begun.
        _services.Metadata.Change(image => image.Merge(answers.SelectMany(answer => answer ?? []).Select(each => each.State).OfType<PartitionState>()));
    }

    /// <returns>Null where there is no answer: done or not, the image tells before long.</returns>
    private async Task<IReadOnlyList<AlteredReassignment>?> AskAsync(BrokerId leader, RebalanceMove[] moves, CancellationToken stopping)
    {
        try
        {
            return await _services.Peers.AskAsync(leader, new MoveReplicas(moves), stopping);
        }
        catch (IOException e)
        {
            RebalanceLog.Failed(_logger, $"broker {leader}: {e.Message}");
            return null;
        }
    }

    private void Note(ReplicaKey key, AlteredReassignment? answer)
    {
        if (answer is { Refusal: null })
        {
            _moved.Add(key);
        }
        else
        {
            RebalanceLog.Refused(_logger, key.Partition, key.TopicId, answer?.Refusal?.Code ?? ErrorCode.RequestTimedOut, answer?.Refusal?.Message);
            _refused[key] = _services.Clock.GetTimestamp();
        }
    }

    private void EndPauses()
    {
        foreach (var key in _refused.Where(each => _services.Clock.GetElapsedTime(each.Value) >= RefusalPause).Select(each => each.Key).ToArray())
        {
            _refused.Remove(key);
        }
    }

    /// <summary>Has the preferred leaders lead what has moved; what fails, they take back by themselves in time.</summary>
    private async ValueTask ElectPreferredAsync(MetadataImage image, ClusterView brokers, BrokerConfig config, CancellationToken stopping)
    {
        var due = new List<(BrokerId Broker, ReplicaKey Key)>();
        foreach (var key in _moved.ToArray())
        {
            if (image.Find(key.TopicId) is not { } topic || key.Partition >= topic.Partitions.Length)
            {
                _moved.Remove(key);
            }
            else if (topic.Partitions[key.Partition] is { IsReassigning: false } partition)
            {
                _moved.Remove(key);
                var preferred = partition.Replicas[0];
                if (partition.Leader != preferred && brokers.Find(preferred) is { IsDraining: false } && Array.IndexOf(partition.Isr, preferred) >= 0)
                {
                    due.Add((preferred, key));
                }
            }
        }

        if (config.AutoLeaderRebalanceEnable)
        {
            await Task.WhenAll(due.GroupBy(each => each.Broker, each => each.Key).Select(group =>
                TakeLeadership.AskAsync(_services.Peers, group.Key, [.. group], ElectionKind.Handover, stopping).AsTask()));
        }
    }

    /// <summary>A broker that has left may come back as one that is new: what said that it is to leave is taken back.</summary>
    /// <returns>Whether nobody is left to be forgotten.</returns>
    private async ValueTask<bool> ForgetAsync(RebalanceSurvey survey, ClusterView brokers, bool isDue, CancellationToken stopping)
    {
        var gone = survey.Decommissioned.Where(broker => !brokers.IsAlive(broker) && !survey.Holds(broker)).ToArray();
        if (gone.Length == 0 || !isDue)
        {
            return gone.Length == 0;
        }

        var response = await _services.Topics.IncrementalAlterConfigsAsync(
            new IncrementalAlterConfigsRequest
            {
                Resources = Array.ConvertAll(gone, broker => new IncrementalAlterConfigsRequest.AlterConfigsResource
                {
                    ResourceType = (sbyte)ConfigResourceType.Broker,
                    ResourceName = broker.ToString(),
                    Configs = [new() { Name = BrokerConfig.DecommissionName, ConfigOperation = (sbyte)ConfigOperation.Delete }],
                }),
            },
            stopping);
        for (var i = 0; i < gone.Length; i++)
        {
            if (response.Responses[i].ErrorCode == ErrorCode.None)
            {
                RebalanceLog.Left(_logger, gone[i]);
            }
        }

        return false;
    }
}
