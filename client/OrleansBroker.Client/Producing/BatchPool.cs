using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace OrleansBroker.Client.Producing;

/// <summary>Batches that are not in use, with the buffers that they have grown.</summary>
internal sealed class BatchPool(ProducerOptions options, ILogger log)
{
    // All of them together keep no more than the records that may be on their way.
    private readonly int _keptMax = Math.Max(options.BufferMemory / Math.Max(options.BatchSize, 1), 1);
    private readonly ConcurrentQueue<ProducerBatch> _unused = new();
    private int _kept;

    public ProducerBatch Rent()
    {
        if (_unused.TryDequeue(out var batch))
        {
            Interlocked.Decrement(ref _kept);
            return batch;
        }

        return new ProducerBatch(options.CompressionType, options.CompressionLevel, log);
    }

    public void Return(ProducerBatch batch)
    {
        var isLarge = batch.SizeBytes > options.BatchSize;
        batch.Clear();
        if (isLarge || Interlocked.Increment(ref _kept) > _keptMax)
        {
            if (!isLarge)
            {
                Interlocked.Decrement(ref _kept);
            }

            batch.Dispose();
            return;
        }

        _unused.Enqueue(batch);
    }
}
