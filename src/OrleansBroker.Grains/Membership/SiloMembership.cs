// Stands between Orleans' threads and the broker's.
#pragma warning disable RS0030

using Microsoft.Extensions.Logging;
using OrleansBroker.Abstractions.Messages;
using OrleansBroker.Core.Peers.Wire;
using OrleansBroker.Core.Ports;
using OrleansBroker.Embedded;
using OrleansBroker.Embedded.Cluster;
using OrleansBroker.Grains.Peers;
using OrleansBroker.Protocol;

namespace OrleansBroker.Grains.Membership;

/// <summary>
/// The brokers that live: the active silos whose names are brokers', as they introduced themselves. A silo that is not active any
/// more is gone at once; one that has become active is asked who it is until it says so.
/// </summary>
internal sealed class SiloMembership : IMembership, IBrokerLives, IDisposable
{
    private static readonly TimeSpan AskAgainAfter = TimeSpan.FromMilliseconds(250);

    private static readonly TimeSpan GreetingPatience = TimeSpan.FromSeconds(2);

    // Less than a leader waits for a follower that is not known to live.
    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(1);

    // A silo that has died is known to be dead by then.
    private static readonly TimeSpan EndOfOtherLifeWithin = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan LookAgainAfter = TimeSpan.FromMilliseconds(100);

    private readonly IClusterMembershipService _silos;
    private readonly SiloAddress _self;
    private readonly BrokerId _id;
    private readonly BrokerGrainServiceClient _brokers;
    private readonly LocalBroker _local;
    private readonly MessageVersion _messageVersion;
    private readonly TimeProvider _clock;
    private readonly IFatalErrorHandler _errors;
    private readonly ILogger _logger;
    private readonly MemberView _view;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Lock _gate = new();
    private readonly Dictionary<SiloAddress, BrokerIntroduction> _known = [];
    private Dictionary<SiloAddress, BrokerId> _active = [];
    private MembershipVersion _seen = MembershipVersion.MinValue;
    private long _version;
    private Task _watching = Task.CompletedTask;

    public SiloMembership(
        IClusterMembershipService silos, ILocalSiloDetails self, BrokerGrainServiceClient brokers, LocalBroker local, MessageVersion messageVersion, TimeProvider clock, IFatalErrorHandler errors,
        ILogger<SiloMembership> logger)
    {
        _silos = silos;
        _self = self.SiloAddress;
        _id = SiloName.ToBroker(self.Name);
        _brokers = brokers;
        _local = local;
        _messageVersion = messageVersion;
        _clock = clock;
        _errors = errors;
        _logger = logger;
        _view = new(() => true, e => End("what follows the membership has failed", e));
        local.Met = Meet;
    }

    public ClusterView Current => _view.Current;

    public string Self => _self.ToParsableString();

    /// <summary>This silo.</summary>
    public SiloAddress Silo => _self;

    /// <summary>The brokers' silos that are active, whether or not they have said who they are.</summary>
    public IReadOnlyCollection<SiloAddress> Active
    {
        get
        {
            lock (_gate)
            {
                return [.. _active.Keys];
            }
        }
    }

    /// <summary>A broker of another id whose silo is active, whether or not it has said who it is; null where this one is alone.</summary>
    public BrokerId? FindAnother()
    {
        lock (_gate)
        {
            return _active.Values.Where(broker => broker != _id).Select(broker => (BrokerId?)broker).FirstOrDefault();
        }
    }

    public IDisposable Subscribe(Action<ClusterView> changed) => _view.Subscribe(changed);

    /// <summary>Begins to watch, and waits a little until those that are there have said who they are.</summary>
    public async Task StartAsync(CancellationToken cancellation)
    {
        See(_silos.CurrentSnapshot);
        _watching = Task.Run(WatchAsync, CancellationToken.None);
        await GreetAsync(cancellation);
    }

    /// <summary>Tells every other broker of this one, and asks who they are.</summary>
    public async Task GreetAsync(CancellationToken cancellation)
    {
        SiloAddress[] others;
        lock (_gate)
        {
            others = [.. _active.Keys.Where(silo => !silo.Equals(_self))];
            Publish();
        }

        EndIfReplaced();
        var greetings = Task.WhenAll(others.Select(silo => TryGreetAsync(silo)));
        await Task.WhenAny(greetings, Task.Delay(GreetingPatience, _clock, cancellation));
    }

    public async ValueTask<string?> FindOtherAsync(string? registered, bool isSameDirectory, CancellationToken cancellation)
    {
        await TryReadTableAsync(cancellation);
        var began = _clock.GetTimestamp();
        while (FindOther(registered, isSameDirectory) is { } other)
        {
            if (_clock.GetElapsedTime(began) > EndOfOtherLifeWithin)
            {
                return other.ToString();
            }

            await Task.Delay(LookAgainAfter, _clock, cancellation);
        }

        return null;
    }

    /// <summary>
    /// Whether the others take this silo to live: by the table, read from its beginning after the call, and where it cannot be read, by
    /// what each of them says. While none of them knows of its death, none has taken its place.
    /// </summary>
    /// <returns>False also where nobody can tell.</returns>
    public async Task<bool> IsAliveAsync(CancellationToken cancellation)
    {
        // The first may be given what somebody began to read earlier.
        return await TryReadTableAsync(cancellation) && await TryReadTableAsync(cancellation)
            ? _silos.CurrentSnapshot.GetSiloStatus(_self) is not (SiloStatus.Dead or SiloStatus.None)
            : Active.Where(silo => !silo.Equals(_self)).ToArray() is { Length: > 0 } others && (await Task.WhenAll(others.Select(IsAliveToAsync))).All(isAlive => isAlive);
    }

    private async Task<bool> IsAliveToAsync(SiloAddress other)
    {
        try
        {
            return await _brokers.At(other).TakesToLiveAsync(Self).WaitAsync(AnswerWithin, _clock);
        }
        catch (Exception e)
        {
            GrainsLog.NoIntroduction(_logger, other, e.Message);
            return false;
        }
    }

    /// <summary>Where a broker is; null where it does not live.</summary>
    public SiloAddress? Find(BrokerId broker)
    {
        lock (_gate)
        {
            return Living().FirstOrDefault(member => member.Introduction.Broker == broker.Value).Silo;
        }
    }

    public async Task StopAsync()
    {
        await _stopping.CancelAsync();
        await _watching;
    }

    public void Dispose() => _stopping.Dispose();

    private async Task WatchAsync()
    {
        try
        {
            await foreach (var snapshot in _silos.MembershipUpdates.WithCancellation(_stopping.Token))
            {
                See(snapshot);
            }
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            // It was asked to stop.
        }
        catch (Exception e)
        {
            End("the membership cannot be followed", e);
        }
    }

    /// <summary>What Orleans has seen may be a little older than what a document says.</summary>
    public async Task<bool> TryReadTableAsync(CancellationToken cancellation)
    {
        var isRead = true;
        try
        {
            await _silos.Refresh(cancellationToken: cancellation).AsTask().WaitAsync(GreetingPatience, _clock, cancellation);
        }
        catch (Exception e) when (!(e is OperationCanceledException && cancellation.IsCancellationRequested))
        {
            GrainsLog.TableNotRead(_logger, e.Message);
            isRead = false;
        }

        See(_silos.CurrentSnapshot);
        return isRead;
    }

    /// <summary>
    /// A silo of this broker that is active and has registered, as the document says or as it has told. Of silos that come at the same
    /// time the first that registers is one, and the rest find it.
    /// </summary>
    private SiloAddress? FindOther(string? registered, bool isSameDirectory)
    {
        lock (_gate)
        {
            return _active.Keys.FirstOrDefault(silo => IsOther(silo)
                && !(isSameDirectory && silo.Endpoint.Address.Equals(_self.Endpoint.Address))
                && (_known.TryGetValue(silo, out var known) ? !known.IsLeaving : silo.ToParsableString() == registered));
        }

        bool IsOther(SiloAddress silo) => !silo.Equals(_self) && _active[silo] == _id;
    }

    private void See(ClusterMembershipSnapshot snapshot)
    {
        SiloAddress[] strangers;
        lock (_gate)
        {
            if (snapshot.Version < _seen)
            {
                return;
            }

            _seen = snapshot.Version;
            var active = new Dictionary<SiloAddress, BrokerId>();
            foreach (var member in snapshot.Members.Values)
            {
                if (member.Status == SiloStatus.Active && SiloName.ToBroker(member.Name) is var broker && broker != BrokerId.None)
                {
                    active[member.SiloAddress] = broker;
                }
            }

            strangers = [.. active.Keys.Where(silo => !silo.Equals(_self) && !_active.ContainsKey(silo))];
            foreach (var gone in _known.Keys.Where(silo => !active.ContainsKey(silo)).ToArray())
            {
                _known.Remove(gone);
            }

            _active = active;
            Publish();
        }

        foreach (var silo in strangers)
        {
            _ = GetToKnowAsync(silo);
        }
    }

    /// <summary>Asks a silo who it is until it says so, or is gone.</summary>
    private async Task GetToKnowAsync(SiloAddress silo)
    {
        try
        {
            while (IsStranger(silo))
            {
                await TryGreetAsync(silo);
                await Task.Delay(AskAgainAfter, _clock, _stopping.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // This silo stops.
        }
    }

    private bool IsStranger(SiloAddress silo)
    {
        lock (_gate)
        {
            return _active.ContainsKey(silo) && !_known.ContainsKey(silo);
        }
    }

    private async Task TryGreetAsync(SiloAddress silo)
    {
        try
        {
            if (await _brokers.At(silo).IntroduceAsync(_local.Introduction).WaitAsync(AnswerWithin, _clock) is { } introduction)
            {
                Meet(introduction);
            }
        }
        catch (Exception e)
        {
            // It may just have come or gone.
            GrainsLog.NoIntroduction(_logger, silo, e.Message);
        }
    }

    private void Meet(BrokerIntroduction introduction)
    {
        lock (_gate)
        {
            var silo = SiloAddress.FromParsableString(introduction.Silo);
            if (_known.TryGetValue(silo, out var known) && StepOf(known).CompareTo(StepOf(introduction)) >= 0)
            {
                return;
            }

            _known[silo] = introduction;
            Publish();
        }

        EndIfReplaced();
    }

    /// <summary>What a silo says of itself goes one way only: what it said earlier may arrive later.</summary>
    private static (long Epoch, int Step) StepOf(BrokerIntroduction introduction) => (introduction.Epoch, introduction.IsLeaving ? 2 : introduction.IsDraining ? 1 : 0);

    /// <summary>Another silo has registered as this broker, and all others follow that one.</summary>
    private void EndIfReplaced()
    {
        BrokerIntroduction? other;
        lock (_gate)
        {
            other = _local.Introduction is { IsLeaving: false } self
                ? _known.Values.FirstOrDefault(known => known.Broker == self.Broker && known.Epoch > self.Epoch && known.Silo != self.Silo)
                : null;
        }

        if (other is not null)
        {
            End($"broker {other.Broker} has registered at {other.Silo}, with broker epoch {other.Epoch}", null);
        }
    }

    private void End(string reason, Exception? exception)
    {
        GrainsLog.Ends(_logger, reason, exception);
        _local.Sever();
        _errors.OnFatalException(this, reason, exception);
    }

    private void Publish()
    {
        BrokerIntroduction[] living = [.. Living().Select(member => member.Introduction).OrderBy(broker => broker.Broker)];

        // One that has not said yet what it knows is taken to know the least.
        _messageVersion.Agree(_active.Keys.Where(silo => !silo.Equals(_self)).Select(silo => _known.GetValueOrDefault(silo)?.MessageVersionMax ?? MessageVersion.Oldest));
        _view.Take(new ClusterView(++_version, [.. living.Select(broker => broker.ToRegistration())]));
    }

    /// <summary>Of two silos with one broker id, which should not be, the one that registered last counts.</summary>
    private IEnumerable<(SiloAddress Silo, BrokerIntroduction Introduction)> Living() => _active
        .Select(member => (Silo: member.Key, Introduction: member.Key.Equals(_self) ? _local.Introduction : _known.GetValueOrDefault(member.Key), Broker: member.Value))
        .Where(member => member.Introduction is { IsLeaving: false } && member.Introduction.Broker == member.Broker.Value)
        .GroupBy(member => member.Broker)
        .Select(same => same.MaxBy(member => member.Introduction!.Epoch))
        .Select(member => (member.Silo, member.Introduction!));
}
