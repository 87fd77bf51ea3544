using OrleansBroker.Client.Connections;

namespace OrleansBroker.Client.Producing;

/// <summary>A broker that the sender sends to.</summary>
internal sealed class SenderNode(int brokerId)
{
    public int BrokerId => brokerId;

    /// <summary>Null, or closed, where there is none.</summary>
    public BrokerConnection? Connection { get; set; }

    public bool IsConnecting { get; set; }

    /// <summary>When it may be tried again after there was no connection to be had.</summary>
    public long NotBeforeMs { get; set; }

    /// <summary>Requests without an answer, in the order in which they were sent.</summary>
    public Queue<ProduceInFlight> InFlight { get; } = new();

    /// <summary>In this round: the partitions that it leads and that may be sent to.</summary>
    public List<PartitionQueue> Partitions { get; } = [];
}
