namespace OrleansBroker.Storage.Cleaning;

/// <summary>Keeps the cleaner's reads and writes below a rate, averaged over windows of 300 ms and more.</summary>
internal sealed class IoThrottle(double bytesPerSecondMax, TimeProvider clock, Action<TimeSpan, CancellationToken> wait)
{
    private static readonly TimeSpan _window = TimeSpan.FromMilliseconds(300);

    private long _windowStart = clock.GetTimestamp();
    private long _windowBytes;

    /// <summary>Counts bytes that were read or written, and waits where they came too fast.</summary>
    public void Count(int bytes, CancellationToken cancellation)
    {
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
}
