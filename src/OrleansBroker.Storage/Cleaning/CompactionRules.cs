namespace OrleansBroker.Storage.Cleaning;

/// <summary>
/// What one run of the cleaner keeps of a log.
/// </summary>
/// <param name="Map">The last offset of each key from the first dirty offset on.</param>
/// <param name="MapEnd">Where the map ends: a record from here on stays, whatever its key.</param>
/// <param name="NowMs">A tombstone goes when its batch's delete horizon has come.</param>
/// <param name="DeleteRetentionMs">How long after the run that first meets it a tombstone stays (KIP-534).</param>
internal sealed record CompactionRules(OffsetMap Map, long MapEnd, long NowMs, long DeleteRetentionMs)
{
    public bool Keeps(long offset, ReadOnlySpan<byte> key, bool hasKey, bool hasValue, long? deleteHorizon)
    {
        if (offset >= MapEnd)
        {
            return true;
        }

        return hasKey && offset >= Map.Get(key) && (hasValue || deleteHorizon is not { } horizon || NowMs < horizon);
    }

    /// <summary>The horizon that the tombstones of a batch get which has none yet.</summary>
    public long NewDeleteHorizon => NowMs > long.MaxValue - DeleteRetentionMs ? long.MaxValue : NowMs + DeleteRetentionMs;
}
