namespace OrleansBroker.Client;

/// <summary>What became of a record: where it went, or why it did not.</summary>
/// <param name="Error">Null where it was delivered.</param>
public readonly record struct DeliveryReport(DeliveryResult Result, ProduceException? Error)
{
    public bool IsDelivered => Error is null;
}
