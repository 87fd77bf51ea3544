namespace OrleansBroker.Storage.Tests.Recovery;

/// <summary>What was acknowledged before a crash, in the text of <see cref="LogHarness.Records"/>.</summary>
internal sealed class Ledger
{
    /// <summary>Appended, whether or not an answer came.</summary>
    public List<string> Attempted { get; } = [];

    public List<string> Acknowledged { get; } = [];

    /// <summary>How many of the acknowledged were flushed.</summary>
    public int Flushed { get; private set; }

    public void Flush(LogHarness log)
    {
        log.Log.Flush();
        Flushed = Acknowledged.Count;
    }

    /// <summary>Checks the records from the first attempted on: a run of the attempted without a hole, long enough for the crash.</summary>
    public void Check(IEnumerable<string> records, Crash crash)
    {
        var left = records.ToList();
        Assert.Equal(Attempted.Take(left.Count), left);
        Assert.InRange(left.Count, crash == Crash.PowerLoss ? Flushed : Acknowledged.Count, Attempted.Count);
    }
}
