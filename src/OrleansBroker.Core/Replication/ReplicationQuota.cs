namespace OrleansBroker.Core.Replication;

/// <summary>
/// How much replication of throttled replicas may still move on one side of one broker: a bucket that fills with the rate and holds
/// what a second brings. What is moved is taken out after the fact and may leave a debt, so that a batch larger than the bucket
/// moves in the end.
/// </summary>
/// <param name="rate">Bytes a second at this moment; <see cref="long.MaxValue"/> is without limit.</param>
public sealed class ReplicationQuota(TimeProvider clock, Func<long> rate)
{
    private readonly Lock _gate = new();
    private double _bytes = double.PositiveInfinity;
    private long _filledAt = clock.GetTimestamp();

    /// <summary>Whether throttled replicas have to wait.</summary>
    public bool IsExceeded
    {
        get
        {
            var bytesPerSecond = rate();
            if (bytesPerSecond == long.MaxValue)
            {
                return false;
            }

            lock (_gate)
            {
                Fill(bytesPerSecond);
                return _bytes <= 0;
            }
        }
    }

    /// <summary>Bytes of throttled replicas were moved.</summary>
    public void Record(long bytes)
    {
        var bytesPerSecond = rate();
        if (bytes == 0 || bytesPerSecond == long.MaxValue)
        {
            return;
        }

        lock (_gate)
        {
            Fill(bytesPerSecond);
            _bytes -= bytes;
        }
    }

    // A bucket that was without limit holds no more than a second's worth either once there is one.
    private void Fill(long bytesPerSecond)
    {
        var now = clock.GetTimestamp();
        _bytes = Math.Min(_bytes + (clock.GetElapsedTime(_filledAt, now).TotalSeconds * bytesPerSecond), bytesPerSecond);
        _filledAt = now;
    }
}
