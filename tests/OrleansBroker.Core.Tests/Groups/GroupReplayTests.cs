using System.Globalization;
using OrleansBroker.Core.Groups;
using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Messages;
using Xunit.Abstractions;

namespace OrleansBroker.Core.Tests.Groups;

/// <summary>What a machine knows of the log is what the log says.</summary>
public sealed class GroupReplayTests(ITestOutputHelper output)
{
    [Fact]
    public void A_reloaded_group_goes_on_where_it_was()
    {
        var machine = new GroupMachine();
        var members = machine.Stable(3);
        machine.Commit(42, members[1], 1);

        machine.Reload();

        Assert.Equal(GroupState.Stable, machine.State);
        Assert.All(members, member => Assert.Equal(ErrorCode.None, machine.Heartbeat(member, 1)));
        Assert.Equal("for " + members[2], GroupMachine.Text(machine.Synced(machine.Sync(members[2], 1)).Assignment));
        Assert.Equal(42, machine.Fetch().CommittedOffset);
        Assert.Equal(ErrorCode.None, machine.Commit(43, members[1], 1));
        Assert.Equal(members[0], machine.Joined(machine.Join(members[1])).Leader);
    }

    [Fact]
    public void A_machine_whose_append_failed_is_replaced_by_one_that_knows_nothing_of_it()
    {
        var machine = new GroupMachine();
        var members = machine.Stable(2);
        machine.JoinNew();
        machine.Join(members[0]);
        machine.Join(members[1]);
        Assert.Equal((GroupState.CompletingRebalance, 2), (machine.State, machine.Generation));
        var durable = GroupMachine.Durable(machine.Shard);
        var lost = machine.Shard.SyncGroup(
            new SyncGroupRequest { GroupId = GroupMachine.Group, MemberId = members[0], GenerationId = 2, ProtocolType = "consumer", ProtocolName = "range" },
            new GroupCaller("c", "/h", 5), machine.NewToken(), machine.NowMs);
        Assert.Single(lost.Records);
        Assert.False(lost.IsRevocable);

        machine.Reload();

        Assert.Equal((GroupState.Stable, 1), (machine.State, machine.Generation));
        Assert.Equal(durable, GroupMachine.Durable(machine.Shard));
        Assert.Equal(ErrorCode.IllegalGeneration, machine.Heartbeat(members[0], 2));
        Assert.Equal(ErrorCode.None, machine.Heartbeat(members[0], 1));
    }

    [Fact]
    public void Records_of_kinds_that_are_not_known_are_passed_over()
    {
        var shard = new GroupShard(new GroupOptions());
        shard.Replay(new byte[] { 0, 3, 0, 1, (byte)'g' }, new byte[] { 0, 0, 0, 0, 0, 1 }, hasValue: true);

        Assert.Equal(string.Empty, GroupMachine.Durable(shard));
    }

    [Fact]
    public void A_tombstone_of_a_group_that_is_not_there_is_passed_over()
    {
        var machine = new GroupMachine();
        machine.Commit(1);
        machine.Apply(machine.Shard.DeleteGroups([GroupMachine.Group], machine.NewToken()));
        machine.Log.RemoveRange(0, 1);

        Assert.Equal(string.Empty, GroupMachine.Durable(machine.Replayed()));
    }

    /// <summary>
    /// Members of a few groups do whatever comes to mind, time passes, machines are lost; after every input the log is
    /// replayed into a fresh machine, which must know what the one knows that was there, no request is answered twice, and at
    /// the end, once all sessions are over, every request has been answered.
    /// </summary>
    [Fact]
    public void Random_inputs_leave_what_a_replay_of_the_log_leaves()
    {
        var seed = Environment.GetEnvironmentVariable("GROUPS_SEED") is { } given ? int.Parse(given, CultureInfo.InvariantCulture) : Random.Shared.Next();
        output.WriteLine($"GROUPS_SEED={seed}");
        for (var run = 0; run < 40; run++)
        {
            new RandomMembers(unchecked(seed + run)).Run(inputs: 250);
        }
    }

    private sealed class RandomMembers(int seed)
    {
        private static readonly string?[] InstanceIds = [null, null, "i1", "i2", "i3"];
        private readonly Random _random = new(seed);
        private readonly GroupMachine _machine = new(new GroupOptions { OffsetsRetentionMs = 200_000, OffsetsRetentionCheckIntervalMs = 50_000, SizeMax = 4 });
        private readonly List<string> _memberIds = ["", "", "a-stranger"];
        private readonly List<ReplyToken> _tokens = [];
        private bool _isReloaded;

        public void Run(int inputs)
        {
            for (var i = 0; i < inputs; i++)
            {
                Input();
                Assert.True(GroupMachine.Durable(_machine.Replayed()) == GroupMachine.Durable(_machine.Shard), $"seed {seed}, input {i}: a replay leaves something else");
            }

            _machine.Pass(3_600_000);
            Assert.True(_isReloaded || _tokens.All(token => !_machine.IsWaiting(token)), $"seed {seed}: a request was never answered");
            Assert.Contains(_machine.State, new[] { GroupState.Empty, GroupState.Dead });
        }

        private void Input()
        {
            switch (_random.Next(20))
            {
                case < 7:
                    Join();
                    break;
                case < 12:
                    Sync();
                    break;
                case < 14:
                    _machine.Heartbeat(Member(), Generation());
                    break;
                case 14:
                    _machine.Leave((Member(), Instance()));
                    break;
                case 15:
                    _machine.Commit(_random.Next(100), Member(), _random.Next(3) == 0 ? -1 : Generation(), partition: _random.Next(3));
                    break;
                case 16 when _random.Next(5) == 0:
                    _machine.Apply(_machine.Shard.DeleteGroups([GroupMachine.Group], _machine.NewToken()));
                    break;
                case 17 when _random.Next(20) == 0:
                    _machine.Reload();
                    _isReloaded = true;
                    break;
                default:
                    _machine.Pass(_random.Next(5_000));
                    break;
            }
        }

        private void Join()
        {
            var token = _machine.Join(
                Member(), Instance(), version: (short)_random.Next(10), topic: "t" + _random.Next(2),
                protocols: _random.Next(4) == 0 ? ["range", "sticky"] : ["range"], rebalanceTimeoutMs: _random.Next(1_000, 20_000));
            _tokens.Add(token);
            if (!_machine.IsWaiting(token) && _machine.Joined(token).MemberId.Length > 0)
            {
                _memberIds.Add(_machine.Joined(token).MemberId);
            }
        }

        private void Sync()
        {
            var memberId = Member();
            _tokens.Add(_machine.Sync(memberId, Generation(), new() { [memberId] = "for " + memberId }, Instance(), version: 4, protocolName: null, protocolType: null));
        }

        private int Generation() => (_machine.Shard.Find(GroupMachine.Group)?.Generation ?? 0) - (_random.Next(8) == 0 ? 1 : 0);

        private string? Instance() => InstanceIds[_random.Next(InstanceIds.Length)];

        /// <summary>As a rule one of the members, so that something happens.</summary>
        private string Member()
        {
            var members = _machine.Shard.Find(GroupMachine.Group)?.Members;
            return members is { Count: > 0 } && _random.Next(3) > 0
                ? members.ElementAt(_random.Next(members.Count)).MemberId
                : _memberIds[_random.Next(_memberIds.Count)];
        }
    }
}
