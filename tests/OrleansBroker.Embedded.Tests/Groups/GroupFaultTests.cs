namespace OrleansBroker.Embedded.Tests.Groups;

/// <summary>
/// Three members of one group, two brokers, one thread: members ask either broker, right or wrong; the follower fetches, lags and
/// drops out of the ISR; leaders are elected before the last one has heard of it; two machines work over one log; time passes.
/// Checked throughout by <see cref="GroupHistory"/>; and once the faults stop, all members have the same generation.
/// </summary>
public sealed class GroupFaultTests
{
    private const int Steps = 5_000;

    public static TheoryData<int> Seeds => [.. Enumerable.Range(1, 100)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task What_members_were_told_holds_whoever_leads(int seed)
    {
        await using var run = new Run(seed);
        for (var step = 0; step < Steps; step++)
        {
            run.Step();
        }

        run.Heal();
        Assert.True(run.History.Events > 20, $"only {run.History.Events} events");
    }

    private sealed class Run : IAsyncDisposable
    {
        private const int StepsToHealMax = 5_000;

        private readonly Random _random;
        private readonly GroupReplicas _cluster = new();
        private readonly GroupClient[] _twins;
        private readonly GroupActor[] _members;
        private readonly QueuedWork _work = new();

        public Run(int seed)
        {
            _random = new Random(seed);
            _twins = [_cluster.First.NewTwin(), _cluster.Second.NewTwin()];
            _members = [.. Enumerable.Range(0, 3).Select(i => new GroupActor($"{seed}-{i}", _random, History))];
        }

        public GroupHistory History { get; } = new();

        public async ValueTask DisposeAsync()
        {
            _work.RunAll();
            foreach (var twin in _twins)
            {
                await twin.Groups.DisposeAsync();
            }

            await _cluster.DisposeAsync();
        }

        public void Step()
        {
            _work.Do(Act);
            if (_random.Next(10) > 0)
            {
                _work.RunAll();
            }
        }

        /// <summary>Nothing fails any more: everybody comes to have the same generation, and what was acknowledged is told.</summary>
        public void Heal()
        {
            _work.Do(Depose);
            Task<long>? offset = null;
            for (var step = 0; step < StepsToHealMax && !(IsHealed() && offset is { IsCompleted: true, Result: >= 0 }); step++)
            {
                _work.Do(() =>
                {
                    Fetch();
                    Expand();
                    _members[step % _members.Length].Act(_cluster.Leader, static () => true);
                    offset = offset is { IsCompleted: false } ? offset : _cluster.Leader.AskOffsetAsync();
                    _cluster.Leader.Loads.RunAll();
                    _cluster.Leader.Time.Pass(20);
                });
                _work.RunAll();
            }

            Assert.True(IsHealed(), string.Join(", ", _members.Select(member => $"{member.Generation} {member.IsStable}")));
            Assert.InRange(offset!.Result, History.Acknowledged, long.MaxValue);
        }

        private bool IsHealed() => Array.TrueForAll(_members, member => member.IsStable && member.Generation == _members[0].Generation);

        private void Act()
        {
            switch (_random.Next(100))
            {
                case < 50:
                    Ask(_members[_random.Next(_members.Length)], _random.Next(10) < 7 ? _cluster.Leader : _random.Next(2) == 0 ? _cluster.First : _cluster.Second);
                    break;
                case < 66:
                    Fetch();
                    break;
                case < 74:
                    Copy();
                    break;
                case < 82:
                    (_random.Next(2) == 0 ? _cluster.First : _cluster.Second).Loads.RunAll();
                    break;
                case < 90:
                    _cluster.First.Time.Pass(_random.Next(3_000));
                    break;
                case < 91:
                    Elect();
                    break;
                case < 97:
                    Depose();
                    Expand();
                    break;
                case < 98:
                    _cluster.ChangeIsr(_cluster.Leader);
                    break;
                default:
                    _members[_random.Next(_members.Length)].Rejoin();
                    break;
            }
        }

        /// <summary>Now and then the other machine of the broker is the one that is asked.</summary>
        private void Ask(GroupActor member, GroupReplica broker) => member.Act(
            _random.Next(8) == 0 ? _twins[broker == _cluster.First ? 0 : 1] : broker,
            isLeader: () => broker == _cluster.Leader);

        private void Copy()
        {
            if (!_cluster.Follower.Partition.IsLeader)
            {
                _cluster.Copy();
            }
        }

        private void Fetch()
        {
            if (!_cluster.Follower.Partition.IsLeader)
            {
                _cluster.Replicate();
            }
        }

        private void Elect()
        {
            if (_cluster.IsInSync(_cluster.Follower))
            {
                var (before, next) = (_cluster.Leader, _cluster.Follower);
                _cluster.Elect(next, _random.Next(2) == 0 ? [next] : [before, next]);
            }
        }

        private void Depose()
        {
            if (_cluster.Follower.Partition.IsLeader)
            {
                _cluster.Depose(_cluster.Follower);
            }
        }

        private void Expand()
        {
            if (!_cluster.Follower.Partition.IsLeader && !_cluster.IsInSync(_cluster.Follower))
            {
                _cluster.Replicate();
                _cluster.ChangeIsr(_cluster.Leader, _cluster.Follower);
            }
        }
    }
}
