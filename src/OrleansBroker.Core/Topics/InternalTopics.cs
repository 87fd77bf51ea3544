namespace OrleansBroker.Core.Topics;

/// <summary>Topics that the broker keeps for itself.</summary>
public static class InternalTopics
{
    public const string ConsumerOffsets = "__consumer_offsets";

    public const string TransactionState = "__transaction_state";

    public static bool IsInternal(string topic) => topic is ConsumerOffsets or TransactionState;
}
