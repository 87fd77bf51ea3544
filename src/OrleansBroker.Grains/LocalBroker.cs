using OrleansBroker.Embedded;
using OrleansBroker.Core.Peers.Wire;

namespace OrleansBroker.Grains;

/// <summary>The broker of this silo, for whatever in the silo leads to it.</summary>
internal sealed class LocalBroker
{
    private volatile BrokerHost? _host;
    private volatile BrokerIntroduction? _introduction;
    private volatile bool _isSevered;

    /// <summary>Null while no broker is open.</summary>
    public BrokerHost? Host => _host;

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
}
