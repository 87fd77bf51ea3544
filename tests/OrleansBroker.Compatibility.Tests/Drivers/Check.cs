namespace OrleansBroker.Compatibility.Tests.Drivers;

/// <summary>Compares what was consumed with what was produced.</summary>
internal static class Check
{
    /// <summary>Every record once, in the order it was produced in its partition, with its key.</summary>
    public static void SameInOrder(IReadOnlyCollection<OutgoingRecord> produced, IReadOnlyCollection<ConsumedRecord> consumed)
    {
        Assert.Equal(produced.Count, consumed.Count);
        foreach (IGrouping<int, OutgoingRecord> partition in produced.GroupBy(record => record.Partition ?? 0))
        {
            Assert.Equal(
                partition.Select(record => (record.Key, record.Value)),
                consumed.Where(record => record.Partition == partition.Key).Select(record => (record.Key, record.Value)));
        }
    }

    /// <summary>Every record at least once and none that was not produced; what a group gives when members come and go.</summary>
    public static void EachAtLeastOnce(IEnumerable<OutgoingRecord> produced, IEnumerable<ConsumedRecord> consumed) => Assert.Equal(
        produced.Select(record => record.Value).Order(StringComparer.Ordinal),
        consumed.Select(record => record.Value).Distinct().Order(StringComparer.Ordinal));

    /// <summary>Every record once, in any order.</summary>
    public static void EachOnce(IEnumerable<OutgoingRecord> produced, IEnumerable<ConsumedRecord> consumed) => Assert.Equal(
        produced.Select(record => record.Value).Order(StringComparer.Ordinal),
        consumed.Select(record => record.Value).Order(StringComparer.Ordinal));
}
