using OrleansBroker.Protocol;
using OrleansBroker.Simulator.Clients;
using OrleansBroker.Simulator.Invariants;

namespace OrleansBroker.Simulator.Workloads;

/// <summary>Reads the partitions of one topic from their beginning, without a group; now and then it starts again from the beginning.</summary>
internal sealed class AssignedConsumer(ClusterClient client, Ledger ledger, string topic, string rack)
{
    private readonly SortedDictionary<int, PartitionReader> _readers = [];

    public bool IsStopped { get; private set; }

    public void Stop() => IsStopped = true;

    public async Task RunAsync()
    {
        while (!IsStopped)
        {
            var partitions = await client.PartitionsAsync(topic);
            for (var partition = 0; partition < partitions && !IsStopped; partition++)
            {
                await PollAsync(partition);
            }

            await client.Delay(client.Chance.Between(1, 60));
        }
    }

    private async Task PollAsync(int partition)
    {
        if (!_readers.TryGetValue(partition, out var reader) || client.Chance.Happens(0.002))
        {
            _readers[partition] = reader = new PartitionReader(client, ledger, new TopicPartition(topic, partition)) { Rack = rack };
        }

        if (await reader.BeginAsync())
        {
            await reader.PollAsync(client.Chance.Between(0, 200));
        }
        else
        {
            await client.BackOff();
        }
    }
}
