using OrleansBroker.Protocol;
using OrleansBroker.Simulator.Clients;
using OrleansBroker.Simulator.Engine;

namespace OrleansBroker.Simulator.Invariants;

/// <summary>Reads every partition once more from its beginning to its end: all that was acknowledged or seen has to be there, at its offset.</summary>
internal sealed class FinalRead(ClusterClient client, Ledger ledger)
{
    public bool IsDone { get; private set; }

    public async Task RunAsync()
    {
        foreach (var topic in ledger.Topics.Where(topic => topic.IsDurable))
        {
            for (var partition = 0; partition < await client.PartitionsAsync(topic.Name); partition++)
            {
                await ReadAsync(new TopicPartition(topic.Name, partition));
            }
        }

        IsDone = true;
    }

    private async Task ReadAsync(TopicPartition partition)
    {
        var reader = new PartitionReader(client, ledger, partition);
        while (!await reader.BeginAsync())
        {
            await client.BackOff();
        }

        var start = reader.Position;
        var end = await EndAsync(reader);
        while (reader.Position < end)
        {
            await reader.PollAsync(100);
        }

        foreach (var (offset, value) in ledger.SeenIn(partition))
        {
            if (offset >= end)
            {
                throw new SimulationFailure("acknowledged record lost", $"{partition} ends at {end}; {value.TrimEnd('.')} was acknowledged or read at {offset}");
            }
        }

        client.Process.Note($"{partition} has {start} to {end}");
    }

    private async Task<long> EndAsync(PartitionReader reader)
    {
        while (true)
        {
            if (await reader.EndAsync() is (ErrorCode.None, var end))
            {
                return end;
            }

            await client.BackOff();
        }
    }
}
