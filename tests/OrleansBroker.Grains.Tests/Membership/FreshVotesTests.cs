using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using OrleansBroker.Grains.Membership;

namespace OrleansBroker.Grains.Tests.Membership;

/// <summary>Which votes get to a membership table that was away.</summary>
public sealed class FreshVotesTests
{
    private static readonly SiloAddress Self = Silo(1, generation: 2), Suspect = Silo(2, generation: 1);

    private readonly Table _table = new();
    private readonly Around _around = new();
    private readonly Clock _clock = new();
    private readonly FreshVotes _votes;

    public FreshVotesTests() => _votes = new FreshVotes(_table, Self, () => _around, _clock, NullLogger<FreshVotes>.Instance);

    [Fact]
    public async Task After_the_table_was_away_nobody_votes_against_a_silo_that_answers()
    {
        await AwayAsync();
        _around.Answers = true;

        Assert.False(await VoteAsync(Suspect));

        Assert.Empty(_table.Updated);
    }

    [Fact]
    public async Task A_silo_that_does_not_answer_is_voted_against()
    {
        await AwayAsync();

        Assert.True(await VoteAsync(Suspect));

        Assert.Equal([Suspect], _table.Updated);
    }

    [Fact]
    public async Task A_process_that_has_ended_is_not_waited_for()
    {
        await AwayAsync();
        _around.Refuses = true;

        Assert.True(await VoteAsync(Suspect));

        Assert.Equal(0, _around.Questions);
    }

    [Fact]
    public async Task Nobody_is_asked_where_the_table_was_there()
    {
        _around.Answers = true;
        await _votes.ReadAll();

        Assert.True(await VoteAsync(Suspect));

        Assert.Equal(0, _around.Questions);
    }

    [Fact]
    public async Task A_table_that_took_long_to_answer_was_away()
    {
        _around.Answers = true;
        _table.Read = () => _clock.Now += TimeSpan.FromSeconds(2);
        await _votes.ReadAll();

        Assert.False(await VoteAsync(Suspect));
    }

    [Fact]
    public async Task What_was_away_long_ago_is_forgotten()
    {
        await AwayAsync();
        _around.Answers = true;
        _clock.Now += TimeSpan.FromMinutes(3);

        Assert.True(await VoteAsync(Suspect));
    }

    [Fact]
    public async Task A_silo_says_of_itself_and_of_its_earlier_lives_what_it_will()
    {
        await AwayAsync();
        _around.Answers = true;

        Assert.True(await VoteAsync(Self));
        Assert.True(await VoteAsync(Silo(1, generation: 1)));

        Assert.Equal(0, _around.Questions);
    }

    [Fact]
    public async Task A_silo_that_is_no_broker_cannot_be_asked()
    {
        await AwayAsync();
        _around.Answers = true;

        Assert.True(await VoteAsync(Suspect, "an application's"));

        Assert.Equal(0, _around.Questions);
    }

    private static SiloAddress Silo(int port, int generation) => SiloAddress.New(new IPEndPoint(IPAddress.Loopback, port), generation);

    private Task<bool> VoteAsync(SiloAddress silo, string name = "ob-1") =>
        _votes.UpdateRow(new MembershipEntry { SiloAddress = silo, SiloName = name, Status = SiloStatus.Dead }, "etag", new TableVersion(1, "etag"));

    private async Task AwayAsync()
    {
        _table.IsAway = true;
        await Assert.ThrowsAsync<IOException>(_votes.ReadAll);
        _table.IsAway = false;
    }

    private sealed class Table : IMembershipTable
    {
        public bool IsAway { get; set; }

        public Action Read { get; set; } = () => { };

        public List<SiloAddress> Updated { get; } = [];

        public Task InitializeMembershipTable(bool tryInitTableVersion) => Task.CompletedTask;

        public Task DeleteMembershipTableEntries(string clusterId) => Task.CompletedTask;

        public Task CleanupDefunctSiloEntries(DateTimeOffset beforeDate) => Task.CompletedTask;

        public Task<MembershipTableData> ReadRow(SiloAddress key) => ReadAll();

        public Task<MembershipTableData> ReadAll()
        {
            Read();
            return IsAway
                ? Task.FromException<MembershipTableData>(new IOException("away"))
                : Task.FromResult(new MembershipTableData([], new TableVersion(0, "etag")));
        }

        public Task<bool> InsertRow(MembershipEntry entry, TableVersion tableVersion) => Task.FromResult(true);

        public Task<bool> UpdateRow(MembershipEntry entry, string etag, TableVersion tableVersion)
        {
            Updated.Add(entry.SiloAddress);
            return Task.FromResult(true);
        }

        public Task UpdateIAmAlive(MembershipEntry entry) => Task.CompletedTask;
    }

    private sealed class Clock : TimeProvider
    {
        public TimeSpan Now { get; set; } = TimeSpan.FromSeconds(1);

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Now.Ticks;
    }

    private sealed class Around : ISilosAround
    {
        public bool Answers { get; set; }

        public bool Refuses { get; set; }

        public int Questions { get; private set; }

        public SiloAddress Self => FreshVotesTests.Self;

        public IReadOnlyCollection<SiloAddress> Active => [];

        public Task<bool> RefusesAsync(SiloAddress silo) => Task.FromResult(Refuses);

        public Task<bool> AnswersAsync(SiloAddress silo)
        {
            Questions++;
            return Task.FromResult(Answers);
        }

        public Task<bool> AskAsync(SiloAddress witness, SiloAddress silo) => Task.FromResult(false);

        public Task DeclareDeadAsync(SiloAddress silo) => Task.CompletedTask;
    }
}
