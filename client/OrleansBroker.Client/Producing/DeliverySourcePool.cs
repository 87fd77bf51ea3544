using System.Collections.Concurrent;

namespace OrleansBroker.Client.Producing;

/// <summary>Delivery sources that nobody uses at the moment.</summary>
internal sealed class DeliverySourcePool
{
    /// <summary>As many records as are commonly on their way; more are left to the collector.</summary>
    private const int KeptMax = 64 << 10;

    private readonly ConcurrentQueue<DeliverySource> _unused = new();
    private int _kept;

    public DeliverySource Rent()
    {
        if (_unused.TryDequeue(out var source))
        {
            Interlocked.Decrement(ref _kept);
            return source;
        }

        return new DeliverySource(this);
    }

    public void Return(DeliverySource source)
    {
        if (Volatile.Read(ref _kept) < KeptMax)
        {
            Interlocked.Increment(ref _kept);
            _unused.Enqueue(source);
        }
    }
}
