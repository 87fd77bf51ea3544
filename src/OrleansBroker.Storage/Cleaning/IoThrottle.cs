namespace OrleansBroker.Storage.Cleaning;

/// <summary>
/// Keeps the cleaner's reads and writes below a rate, averaged over windows of 300 ms and more, and lets it rest so often that
/// it works no more than its share of the time.
/// </summary>
internal sealed class IoThrottle(double bytesPerSecondMax, TimeProvider clock, Action<TimeSpan, CancellationToken> wait, double workShareMax = 1)
{
    private static readonly TimeSpan _workMin = TimeSpan.FromMilliseconds(5);

    /// <summary>What passed beyond that was no work: the thread had no processor, or there was nothing to clean.</summary>
    private static readonly TimeSpan _workMax = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan _window = TimeSpan.FromMilliseconds(300);

    private long _windowStart = clock.GetTimestamp();
    private long _windowBytes;
    private long _workStart = clock.GetTimestamp();

    /// <summary>Counts bytes that were read or written, and waits where they came too fast.</summary>
    public void Count(int bytes, CancellationToken cancellation)
    {
        Rest(cancellation);
        if (bytesPerSecondMax >= long.MaxValue)
        {
            return;
        }

        _windowBytes += bytes;
        var passed = clock.GetElapsedTime(_windowStart);
        var due = TimeSpan.FromSeconds(_windowBytes / bytesPerSecondMax);
        if (due > passed && due >= _window)
        {
            wait(due - passed, cancellation);
        }

        if (passed >= _window || due >= _window)
        {
            _windowStart = clock.GetTimestamp();
            _windowBytes = 0;
        }
    }

    private void Rest(CancellationToken cancellation)
    {
        var worked = clock.GetElapsedTime(_workStart);
        if (workShareMax < 1 && worked >= _workMin)
        {
            wait((worked < _workMax ? worked : _workMax) * ((1 / workShareMax) - 1), cancellation);
            _workStart = clock.GetTimestamp();
        }
    }
}
