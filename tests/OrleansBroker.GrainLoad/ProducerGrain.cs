using System.Diagnostics;
using Orleans.Placement;
using OrleansBroker.Abstractions;
using OrleansBroker.Abstractions.Partitions;

namespace OrleansBroker.GrainLoad;

/// <inheritdoc cref="IProducerGrain"/>
[PreferLocalPlacement]
internal sealed class ProducerGrain(IBrokerGrains brokers) : Grain, IProducerGrain
{
    public async Task<List<int>> ProduceAsync(int seconds, int atOnce, int records, int recordBytes)
    {
        var partition = PartitionKey.TryParse(this.GetPrimaryKeyString(), out var topic, out var index)
            ? brokers.Partition(topic, index)
            : throw new InvalidOperationException("the grain's key is no partition's");
        var batch = new ProducerRecord[records];
        Array.Fill(batch, new ProducerRecord(new byte[recordBytes]));
        var times = new List<int>();
        var began = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, atOnce).Select(_ => AppendAsync()));
        return times;

        async Task AppendAsync()
        {
            while (Stopwatch.GetElapsedTime(began).TotalSeconds < seconds)
            {
                var sent = Stopwatch.GetTimestamp();
                try
                {
                    await partition.AppendAsync(batch);
                    times.Add((int)Stopwatch.GetElapsedTime(sent).TotalMicroseconds);
                }
                catch (Exception e) when (e is BrokerException { IsRetriable: true } or OrleansException or IOException or TimeoutException)
                {
                    // A leader has changed; what was not acknowledged does not count.
                    await Task.Delay(20);
                }
            }
        }
    }
}
