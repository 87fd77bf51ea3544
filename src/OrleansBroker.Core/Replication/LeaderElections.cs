using Microsoft.Extensions.Logging;
using OrleansBroker.Core.Diagnostics;
using OrleansBroker.Core.Peers;
using OrleansBroker.Core.Ports;
using OrleansBroker.Protocol;

namespace OrleansBroker.Core.Replication;

/// <summary>
/// Has this broker stand for election where a leader is gone and it is the first choice, or where it is asked to take over. Who
/// stands is a matter of membership, which may be wrong; who wins is the compare-and-swap of the partition's document.
/// </summary>
internal sealed class LeaderElections(ReplicaServices services, ReplicaSet replicas, PartitionDocumentStore documents, ReplicaRoles roles)
{
    private const int AtOnceMax = 64;
    private const int AttemptsMax = 3;

    /// <summary>How long a peer may take to say how far its replicas go; an election goes on without it then.</summary>
    private static readonly TimeSpan PeerPatience = TimeSpan.FromMilliseconds(300);

    /// <summary>The second choice waits so long for the first, the third twice as long.</summary>
    private static readonly TimeSpan ChoicePatience = TimeSpan.FromSeconds(2);

    /// <summary>How long an answer to one who has partitions taken over waits for all of them: less than <see cref="TakeLeadership.AnswerWithin"/>.</summary>
    private static readonly TimeSpan TakingPatience = TimeSpan.FromSeconds(3);

    private readonly ILogger _logger = services.Loggers.CreateLogger<BrokerReplicas>();
    private readonly ReplicaRounds _rounds = new("the election", services);

    /// <summary>Stands wherever nobody leads and this broker should, for all those partitions at once. What comes of it is not waited for.</summary>
    public async ValueTask SweepAsync(CancellationToken cancellation)
    {
        var brokers = services.Membership.Current;
        var standing = new List<Replica>();
        foreach (var replica in replicas.All)
        {
            if (replica.Partition.IsLeader || replica.Partition.Log.IsFailed || Election.IsLed(replica.Partition.State, brokers))
            {
                replica.LeaderlessSince = null;
                if (replica.Partition.IsLeader || replica.Unsettled is null)
                {
                    continue;
                }
            }
            else
            {
                replica.LeaderlessSince ??= services.Clock.GetTimestamp();
            }

            if (!_rounds.IsUnderWay(replica))
            {
                standing.Add(replica);
            }
        }

        if (standing.Count > 0)
        {
            var heard = await AskPeersAsync(standing, brokers, cancellation);
            _rounds.Begin(standing, async replica => await ElectAsync(replica, ElectionKind.LeaderLost, heard, cancellation) is not null, cancellation);
        }
    }

    /// <summary>Completes when no election is under way any more: to be called once they were told to stop.</summary>
    public Task EndAsync() => _rounds.EndAsync();

    /// <summary>Stands for partitions that another broker leads, or that nobody can lead without loss.</summary>
    public async ValueTask<IReadOnlyList<ErrorCode>> TakeAsync(IReadOnlyList<ReplicaKey> keys, ElectionKind kind, CancellationToken cancellation)
    {
        var found = keys.Select(replicas.Find).ToArray();
        var heard = kind == ElectionKind.Handover ? [] : await AskPeersAsync([.. found.OfType<Replica>()], services.Membership.Current, cancellation);
        var errors = new ErrorCode[keys.Count];
        Array.Fill(errors, ErrorCode.LeaderNotAvailable);
        var elections = Concurrently.ForEachAsync([.. Enumerable.Range(0, keys.Count)], AtOnceMax, async i =>
            errors[i] = found[i] is { } replica ? await ElectAsync(replica, kind, heard, cancellation) ?? ErrorCode.LeaderNotAvailable : ErrorCode.UnknownTopicOrPartition);
        try
        {
            await elections.AsTask().WithinAsync(TakingPatience, services.Clock, cancellation);
            return errors;
        }
        catch (TimeoutException)
        {
            // What is still under way goes on; who asked hears of that as everybody does.
            return [.. errors];
        }
    }

    /// <returns>Null where the documents could not be reached.</returns>
    private async ValueTask<ErrorCode?> ElectAsync(Replica replica, ElectionKind kind, IReadOnlyList<Heard> heard, CancellationToken cancellation)
    {
        using var span = BrokerDiagnostics.Activities.StartActivity("election");
        span?.SetTag("orleansbroker.partition", replica.Partition.Name.ToString());
        await replica.Document.EnterAsync(cancellation);
        try
        {
            for (var attempt = 1; attempt <= AttemptsMax; attempt++)
            {
                if (await documents.ReadAsync(replica, cancellation) is not { } stored)
                {
                    return Missing(replica);
                }

                if (replica.Unsettled?.IsNewerThan(stored.LeaderEpoch, stored.PartitionEpoch) is false)
                {
                    replica.Unsettled = null;
                }

                if (!Decide(replica, stored, kind, heard, out var won, out var error))
                {
                    return error;
                }

                replica.IsUncertain = true;
                replica.Unsettled = won;
                var isElected = await documents.WriteAsync(replica, won, cancellation);
                replica.Unsettled = null;
                if (isElected)
                {
                    replica.IsUncertain = false;
                    roles.Take(replica, won);
                    services.Counters.NoteElection();
                    ReplicationLog.Elected(_logger, won.Leader, replica.Partition.Name, won.LeaderEpoch.Value, string.Join(",", won.Isr.Select(member => member.Broker)));
                    return ErrorCode.None;
                }
            }
        }
        catch (IOException e)
        {
            // Whether it is done or not, the next sweep reads what stands there.
            ReplicationLog.WriteUncertain(_logger, replica.Partition.Name, e.Message);
            return null;
        }
        finally
        {
            replica.Document.Release();
        }

        return ErrorCode.LeaderNotAvailable;
    }

    /// <summary>False where there is nothing to write: this broker leads already, somebody else does, or it may not.</summary>
    private bool Decide(Replica replica, PartitionState stored, ElectionKind kind, IReadOnlyList<Heard> heard, out PartitionState won, out ErrorCode error)
    {
        var brokers = services.Membership.Current;
        var state = Newest(replica, stored, heard);
        won = state;
        error = ErrorCode.ElectionNotNeeded;
        if (roles.CanResume(replica, state) || (kind != ElectionKind.Handover && Election.IsLed(state, brokers)))
        {
            if (ReferenceEquals(state, stored))
            {
                roles.Take(replica, stored);
            }
            else
            {
                roles.Hear(replica, state);
            }

            return false;
        }

        if (Array.IndexOf(state.Replicas, services.Self.Id) < 0 || replica.Partition.Log.IsFailed)
        {
            roles.Hear(replica, state);
            error = replica.Partition.Log.IsFailed ? ErrorCode.KafkaStorageError : ErrorCode.UnknownTopicOrPartition;
            return false;
        }

        var isLossless = Election.Candidates(state, brokers) is { Length: > 0 } candidates
            ? MayStand(replica, candidates, kind)
            : (bool?)null;
        var isElected = isLossless ?? IsLastResort(replica, state, brokers, kind, heard);
        if (isElected)
        {
            won = Election.Won(state, services.Self, NextEpoch(replica, state, heard), brokers, replica.Partition.MinInSyncReplicas, isLossless ?? false);
        }

        error = kind == ElectionKind.Handover ? ErrorCode.PreferredLeaderNotAvailable : ErrorCode.EligibleLeadersNotAvailable;
        return isElected;
    }

    private bool MayStand(Replica replica, BrokerId[] candidates, ElectionKind kind)
    {
        var choice = Array.IndexOf(candidates, services.Self.Id);
        return choice == 0
            || (choice > 0 && (kind != ElectionKind.LeaderLost || services.Clock.GetElapsedTime(replica.LeaderlessSince ?? services.Clock.GetTimestamp()) > choice * ChoicePatience));
    }

    /// <summary>Nobody who lives can lead without a possible loss.</summary>
    private bool IsLastResort(Replica replica, PartitionState state, ClusterView brokers, ElectionKind kind, IReadOnlyList<Heard> heard)
    {
        var isUnclean = kind == ElectionKind.Unclean || (kind == ElectionKind.LeaderLost && replica.Partition.AllowsUncleanElection);
        var isEverybodyBack = kind != ElectionKind.Handover && Election.IsEverybodyBack(state, brokers);
        if (isUnclean || isEverybodyBack)
        {
            var ends = EndsOf(replica, heard);
            var options = Election.LastResort(state, brokers, isUnclean && !isEverybodyBack);
            if ((isUnclean || options.All(ends.ContainsKey)) && Election.Longest(options, ends) == services.Self.Id)
            {
                services.Counters.NoteUncleanElection();
                ReplicationLog.UncleanElection(_logger, replica.Partition.Name, services.Self.Id, isEverybodyBack ? "its replicas are all back, and its log is the longest" : "unclean elections are allowed");
                return true;
            }
        }

        if (!replica.IsLeaderlessTold)
        {
            replica.IsLeaderlessTold = true;
            ReplicationLog.Leaderless(_logger, replica.Partition.Name, Print(state.Isr), Print(state.Eligible));
        }

        return false;
    }

    /// <summary>A document store may forget: what a replica has heard counts for as much as what stands there.</summary>
    private PartitionState Newest(Replica replica, PartitionState stored, IReadOnlyList<Heard> heard)
    {
        var newest = stored;
        foreach (var known in heard.Select(each => each.Find(replica.Key)?.State).Append(replica.Partition.State))
        {
            if (known is not null && known.IsNewerThan(newest.LeaderEpoch, newest.PartitionEpoch))
            {
                newest = known;
            }
        }

        if (!ReferenceEquals(newest, stored))
        {
            ReplicationLog.DocumentWentBack(_logger, replica.Partition.Name, services.Self.Id);
        }

        return newest;
    }

    private static LeaderEpoch NextEpoch(Replica replica, PartitionState state, IReadOnlyList<Heard> heard)
    {
        var epochs = heard
            .Select(each => each.Find(replica.Key)?.End?.KnownEpoch ?? LeaderEpoch.None)
            .Append(replica.Partition.Log.Epochs.Latest)
            .Append(replica.Partition.LeaderEpoch)
            .Append(state.LeaderEpoch);
        return new LeaderEpoch(epochs.Max().Value + 1);
    }

    private Dictionary<BrokerId, ReplicaEnd> EndsOf(Replica replica, IReadOnlyList<Heard> heard)
    {
        var ends = new Dictionary<BrokerId, ReplicaEnd> { [services.Self.Id] = EndOf(replica) };
        foreach (var each in heard)
        {
            if (each.Find(replica.Key)?.End is { } end)
            {
                ends[each.Broker] = end;
            }
        }

        return ends;
    }

    internal static ReplicaEnd EndOf(Replica replica) =>
        new(replica.Partition.LeaderEpoch, replica.Partition.Log.Epochs.Latest, replica.Partition.Log.LogEndOffset);

    private async ValueTask<IReadOnlyList<Heard>> AskPeersAsync(IReadOnlyList<Replica> asked, ClusterView brokers, CancellationToken cancellation)
    {
        var answers = new List<Task<Heard>>();
        foreach (var broker in brokers.Brokers.Where(broker => broker.Id != services.Self.Id))
        {
            var keys = asked.Where(replica => Array.IndexOf(replica.Partition.State.Replicas, broker.Id) >= 0).Select(replica => replica.Key).ToArray();
            if (keys.Length > 0)
            {
                answers.Add(AskAsync(broker.Id, keys, cancellation));
            }
        }

        return await Task.WhenAll(answers);
    }

    private async Task<Heard> AskAsync(BrokerId broker, ReplicaKey[] keys, CancellationToken cancellation)
    {
        try
        {
            var described = await services.Peers.AskAsync(broker, new DescribeReplicas(keys), cancellation).AsTask().WithinAsync(PeerPatience, services.Clock, cancellation);
            return new Heard(broker, described.ToDictionary(each => each.Key));
        }
        catch (Exception e) when (e is IOException or TimeoutException)
        {
            return new Heard(broker, []);
        }
    }

    private ErrorCode Missing(Replica replica)
    {
        if (!replica.IsLeaderlessTold)
        {
            replica.IsLeaderlessTold = true;
            ReplicationLog.Offline(_logger, replica.Partition.Name, "its document is missing");
        }

        return ErrorCode.LeaderNotAvailable;
    }

    private static string Print(IsrMember[] members) => string.Join(",", members.Select(member => member.Broker));

    /// <summary>What a peer said of its replicas.</summary>
    private sealed record Heard(BrokerId Broker, Dictionary<ReplicaKey, DescribedReplica> Replicas)
    {
        public DescribedReplica? Find(ReplicaKey key) => Replicas.GetValueOrDefault(key);
    }
}
