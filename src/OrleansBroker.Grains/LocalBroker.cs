using OrleansBroker.Embedded;
using OrleansBroker.Core.Peers.Wire;
using OrleansBroker.Grains.Doors;

namespace OrleansBroker.Grains;

/// <summary>The broker of this silo, for whatever in the silo leads to it.</summary>
internal sealed class LocalBroker
{
    private volatile BrokerHost? _host;
    private volatile BrokerDoor? _door;
    private volatile BrokerIntroduction? _introduction;
    private volatile bool _isSevered;

    /// <summary>Null while no broker is open.</summary>
    public BrokerHost? Host => _host;

    /// <summary>For callers inside Orleans; null while no broker is open.</summary>
    public BrokerDoor? Door => _door;

    /// <inheritdoc cref="Host"/>
    public BrokerIntroduction? Introduction => _introduction;

    /// <summary>Called when another broker introduces itself.</summary>
    public Action<BrokerIntroduction>? Met { get; set; }

    /// <summary>Stops answering; called as soon as the silo is known to be dead to the others.</summary>
    public Action? Severing { get; set; }

    public bool IsSevered => _isSevered;

    /// <summary>Answers nobody any more, at once: the cluster takes this silo to be dead, or it cannot go on.</summary>
    public void Sever()
    {
        _isSevered = true;
        Severing?.Invoke();
    }

    public void Meet(BrokerIntroduction caller) => Met?.Invoke(caller);

    public void Show(BrokerHost? host, BrokerIntroduction? introduction)
    {
        _host = host;
        _introduction = introduction;
    }

    public void Open(BrokerDoor door) => _door = door;

    /// <summary>Answers callers inside Orleans no more, and completes when none of them is being answered: the broker is about to end.</summary>
    public ValueTask CloseDoorAsync() => Interlocked.Exchange(ref _door, null)?.DisposeAsync() ?? ValueTask.CompletedTask;
}
