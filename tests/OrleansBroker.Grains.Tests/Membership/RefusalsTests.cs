using System.Collections.Concurrent;
using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using OrleansBroker.Grains.Membership;

namespace OrleansBroker.Grains.Tests.Membership;

/// <summary>Which silos are declared dead because they refuse connections, and above all which are not.</summary>
public sealed class RefusalsTests
{
    private static readonly SiloAddress Self = Silo(1), Other = Silo(2), Suspect = Silo(3);

    private readonly Silos _silos = new() { Active = [Self, Other, Suspect] };

    [Fact]
    public async Task A_silo_that_refuses_most_brokers_is_declared_dead_until_it_is()
    {
        _silos.Refuse = _ => true;
        _silos.Declared = _ => _silos.Active = _silos.Declarations.Count < 2 ? _silos.Active : [Self, Other];

        await EndAsync();

        Assert.Equal([Suspect, Suspect], _silos.Declarations);
    }

    [Fact]
    public async Task One_that_refuses_this_broker_alone_is_left_to_its_probes()
    {
        _silos.Refuse = _ => true;
        _silos.Witness = false;

        await EndAsync();

        Assert.Empty(_silos.Declarations);
    }

    [Fact]
    public async Task Of_two_brokers_none_can_say_that_the_other_is_dead()
    {
        _silos.Active = [Self, Suspect];
        _silos.Refuse = _ => true;

        await EndAsync();

        Assert.Empty(_silos.Declarations);
    }

    [Fact]
    public async Task One_that_still_answers_by_another_connection_is_alive()
    {
        _silos.Refuse = _ => true;
        _silos.Answers = true;

        await EndAsync();

        Assert.Empty(_silos.Declarations);
    }

    [Fact]
    public async Task A_listener_that_is_back_at_the_second_look_is_alive()
    {
        _silos.Refuse = looks => looks <= 2;

        await EndAsync();

        Assert.Empty(_silos.Declarations);
        Assert.False(await new Refusals(_silos, TimeProvider.System, NullLogger<Refusals>.Instance).SeesEndedAsync(Suspect));
    }

    [Fact]
    public async Task One_that_does_not_refuse_is_not_asked_about()
    {
        await EndAsync();

        Assert.Empty(_silos.Declarations);
        Assert.Equal(0, _silos.Questions);
    }

    [Fact]
    public async Task Silos_at_other_addresses_are_not_looked_at()
    {
        _silos.Refuse = _ => true;

        await new Refusals(_silos, TimeProvider.System, NullLogger<Refusals>.Instance).ConnectionEndedAsync(IPAddress.Parse("10.9.9.9"));

        Assert.Empty(_silos.Declarations);
    }

    [Fact]
    public async Task A_silo_that_is_not_alive_itself_says_nothing_of_others()
    {
        _silos.Active = [Other, Suspect, Silo(4)];
        _silos.Refuse = _ => true;

        await EndAsync();

        Assert.Empty(_silos.Declarations);
    }

    private static SiloAddress Silo(int number) => SiloAddress.New(IPAddress.Parse($"10.0.0.{number}"), 11111, 1);

    private Task EndAsync() => new Refusals(_silos, TimeProvider.System, NullLogger<Refusals>.Instance).ConnectionEndedAsync(Suspect.Endpoint.Address);

    private sealed class Silos : ISilosAround
    {
        private int _looks;

        public ConcurrentQueue<SiloAddress> Declarations { get; } = new();

        public int Questions { get; private set; }

        public bool Answers { get; set; }

        public bool Witness { get; set; } = true;

        public Action<SiloAddress> Declared { get; set; } = _ => { };

        /// <summary>Whether a look, counted from 1, finds a refusal.</summary>
        public Func<int, bool> Refuse { get; set; } = _ => false;

        public SiloAddress Self => RefusalsTests.Self;

        public IReadOnlyCollection<SiloAddress> Active { get; set; } = [];

        public Task<bool> RefusesAsync(SiloAddress silo) => Task.FromResult(Refuse(++_looks));

        public Task<bool> AnswersAsync(SiloAddress silo) => Task.FromResult(Answers);

        public Task<bool> AskAsync(SiloAddress witness, SiloAddress silo)
        {
            Questions++;
            return Task.FromResult(Witness);
        }

        public Task DeclareDeadAsync(SiloAddress silo)
        {
            Declarations.Enqueue(silo);
            Declared(silo);
            return Task.CompletedTask;
        }
    }
}
