namespace OrleansBroker.Embedded;

/// <summary>Where work is done that takes long and can wait for everything else (compaction).</summary>
internal interface IBackgroundWork : IDisposable
{
    /// <summary>Does one piece of work, after those that were asked for before. Completes when it is done, with what it threw.</summary>
    Task RunAsync(Action work);

    /// <summary>How work rests in the middle, to leave others their share.</summary>
    void Rest(TimeSpan time, CancellationToken cancellation);
}
