using OrleansBroker.Protocol.Messages;

namespace OrleansBroker.Client.Producing;

/// <summary>A Produce request, its batches, and, once it is there, its answer.</summary>
internal sealed class ProduceInFlight(SenderNode node, short version, List<ProducerBatch> batches, long sentMs)
{
    public SenderNode Node => node;

    public short Version => version;

    /// <summary>Sorted by topic.</summary>
    public List<ProducerBatch> Batches => batches;

    /// <summary>By <see cref="Connections.ClockExtensions.MonotonicMs"/>.</summary>
    public long SentMs => sentMs;

    /// <summary>False where it is certain that the broker never saw the request.</summary>
    public bool WasSent { get; set; } = true;

    /// <summary>Null where it could not be made.</summary>
    public ProduceRequest? Request { get; set; }

    public ProduceResponse? Response { get; set; }

    /// <summary>Why there is no response; null where there is one, or none was asked for.</summary>
    public KafkaException? Failure { get; set; }
}
