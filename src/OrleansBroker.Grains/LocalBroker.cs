using OrleansBroker.Embedded;
using OrleansBroker.Core.Peers.Wire;

namespace OrleansBroker.Grains;

/// <summary>The broker of this silo, for whatever in the silo leads to it.</summary>
internal sealed class LocalBroker
{
    private volatile BrokerHost? _host;
    private volatile BrokerIntroduction? _introduction;

    /// <summary>Null while no broker is open.</summary>
    public BrokerHost? Host => _host;

    /// <inheritdoc cref="Host"/>
    public BrokerIntroduction? Introduction => _introduction;

    /// <summary>Called when another broker introduces itself.</summary>
    public Action<BrokerIntroduction>? Met { get; set; }

    public void Meet(BrokerIntroduction caller) => Met?.Invoke(caller);

    public void Show(BrokerHost? host, BrokerIntroduction? introduction)
    {
        _host = host;
        _introduction = introduction;
    }
}
