// Stands between Orleans' threads and the broker's.
#pragma warning disable RS0030

using Microsoft.Extensions.Logging;
using OrleansBroker.Abstractions.Messages;
using OrleansBroker.Core.Peers.Wire;
using OrleansBroker.Core.Ports;
using OrleansBroker.Embedded.Cluster;
using OrleansBroker.Grains.Peers;
using OrleansBroker.Protocol;

namespace OrleansBroker.Grains.Membership;

/// <summary>
/// The brokers that live: the active silos whose names are brokers', as they introduced themselves. A silo that is not active any
/// more is gone at once; one that has become active is asked who it is until it says so.
/// </summary>
internal sealed class SiloMembership : IMembership, IDisposable
{
    private static readonly TimeSpan AskAgainAfter = TimeSpan.FromMilliseconds(250);

    private static readonly TimeSpan GreetingPatience = TimeSpan.FromSeconds(2);

    private readonly IClusterMembershipService _silos;
    private readonly SiloAddress _self;
    private readonly BrokerGrainServiceClient _brokers;
    private readonly LocalBroker _local;
    private readonly MessageVersion _messageVersion;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private readonly MemberView _view = new(() => true);
    private readonly CancellationTokenSource _stopping = new();
    private readonly Lock _gate = new();
    private readonly Dictionary<SiloAddress, BrokerIntroduction> _known = [];
    private Dictionary<SiloAddress, BrokerId> _active = [];
    private long _version;
    private Task _watching = Task.CompletedTask;

    public SiloMembership(
        IClusterMembershipService silos, ILocalSiloDetails self, BrokerGrainServiceClient brokers, LocalBroker local, MessageVersion messageVersion, TimeProvider clock, ILogger<SiloMembership> logger)
    {
        _silos = silos;
        _self = self.SiloAddress;
        _brokers = brokers;
        _local = local;
        _messageVersion = messageVersion;
        _clock = clock;
        _logger = logger;
        local.Met = Meet;
    }

    public ClusterView Current => _view.Current;

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

        var greetings = Task.WhenAll(others.Select(silo => TryGreetAsync(silo)));
        await Task.WhenAny(greetings, Task.Delay(GreetingPatience, _clock, cancellation));
    }

    /// <summary>Where a broker is; null where it does not live.</summary>
    public SiloAddress? Find(BrokerId broker)
    {
        lock (_gate)
        {
            return Living().FirstOrDefault(member => member.Introduction.Broker == broker.Value).Silo;
        }
    }

    /// <summary>The broker of this silo came, changed, or went.</summary>
    public void ShowLocal()
    {
        lock (_gate)
        {
            Publish();
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
        catch (OperationCanceledException)
        {
            // It was asked to stop.
        }
    }

    private void See(ClusterMembershipSnapshot snapshot)
    {
        SiloAddress[] strangers;
        lock (_gate)
        {
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
            if (await _brokers.At(silo).IntroduceAsync(_local.Introduction) is { } introduction)
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
            if (_known.TryGetValue(silo, out var known) && (known.Epoch, known.IsDraining) == (introduction.Epoch, introduction.IsDraining))
            {
                return;
            }

            _known[silo] = introduction;
            Publish();
        }
    }

    private void Publish()
    {
        BrokerIntroduction[] living = [.. Living().Select(member => member.Introduction).OrderBy(broker => broker.Broker)];
        _messageVersion.Agree(living.Select(broker => broker.MessageVersionMax));
        _view.Take(new ClusterView(++_version, [.. living.Select(broker => broker.ToRegistration())]));
    }

    /// <summary>Of two silos with one broker id, which should not be, the one that registered last counts.</summary>
    private IEnumerable<(SiloAddress Silo, BrokerIntroduction Introduction)> Living() => _active
        .Select(member => (Silo: member.Key, Introduction: member.Key.Equals(_self) ? _local.Introduction : _known.GetValueOrDefault(member.Key), Broker: member.Value))
        .Where(member => member.Introduction is not null && member.Introduction.Broker == member.Broker.Value)
        .GroupBy(member => member.Broker)
        .Select(same => same.MaxBy(member => member.Introduction!.Epoch))
        .Select(member => (member.Silo, member.Introduction!));
}
