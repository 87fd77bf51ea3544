using System.Text.Json.Nodes;
using OrleansBroker.Compatibility.Tests.Drivers;

namespace OrleansBroker.Compatibility.Tests.Chaos;

/// <summary>What the clients do all the while.</summary>
internal sealed class Workload(History history, string topic, string group, int partitions)
{
    private const int ChunkRecords = 25;
    private const int ProduceTimeoutMs = 60_000;
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(200);

    /// <summary>An idempotent producer with acks=all: one stream of numbered records for each partition, several at a time.</summary>
    public async Task ProduceAsync(ClientDriver driver, string name, CancellationToken stop)
    {
        await SendAsync(driver, name, partition: 0, first: 0);
        await Task.WhenAll(Enumerable.Range(0, partitions).Select(partition => StreamAsync(driver, name, partition, stop)));
    }

    /// <summary>A member of the group, which commits what it was given.</summary>
    public async Task ShareAsync(ClientDriver driver, string name, CancellationToken stop)
    {
        await driver.JoinAsync(name, group, topic, new { sessionMs = 6000 });
        using var timer = new PeriodicTimer(Pace);
        while (await TickAsync(timer, stop))
        {
            await ProcessAsync(driver, name);
        }
    }

    /// <summary>Takes what a member was given and commits it. A commit may fail, as when the group is just rebalancing: then nothing was promised.</summary>
    public async Task ProcessAsync(ClientDriver driver, string name)
    {
        history.NoteProcessed(name, await driver.CallAsync<ConsumedRecord[]>("take", new { name }));
        try
        {
            history.NoteCommitted(await driver.CallAsync<long[][]>("commit", new { name }));
        }
        catch (ClientException)
        {
        }
    }

    /// <summary>A consumer that is assigned every partition and reads each from its beginning.</summary>
    public async Task FollowAsync(ClientDriver driver, string name, CancellationToken stop)
    {
        await driver.OpenAsync(name, topic, new { offset = 0 }, [.. Enumerable.Range(0, partitions)]);
        using var timer = new PeriodicTimer(Pace);
        while (await TickAsync(timer, stop))
        {
            await TakeAsync(driver, name);
        }
    }

    public async Task TakeAsync(ClientDriver driver, string name) =>
        history.NoteSeen(name, await driver.CallAsync<ConsumedRecord[]>("take", new { name }));

    /// <summary>
    /// Asks for the group's offsets again and again: none may be lower than one that was acknowledged before. Not while a broker is
    /// cut off from the others and not from clients: a coordinator that is cannot know that another one has taken over, and tells what
    /// it knew, as Kafka's does. Nothing is lost by that, and a member that has joined never asks there.
    /// </summary>
    public async Task WatchCommitsAsync(ClientDriver driver, Cuts cuts, CancellationToken stop)
    {
        using var timer = new PeriodicTimer(Pace * 2);
        while (await TickAsync(timer, stop))
        {
            int healed = cuts.Healed;
            long[] least = history.Committed;
            try
            {
                long[] found = await driver.CommittedAsync(group, topic, partitions);
                bool isCut = cuts.Begun > healed;
                foreach (int partition in Enumerable.Range(0, partitions).Where(partition => !isCut && found[partition] < least[partition]))
                {
                    history.Impossible.Enqueue($"partition {partition}: {least[partition]} was committed, {found[partition]} was found");
                }
            }
            catch (ClientException)
            {
                // Nobody may be coordinator at the moment.
            }
        }
    }

    /// <summary>How often a producer's record of that number should be there is once; its partition is part of its name.</summary>
    public static string Value(string producer, int partition, long number) => $"{producer}/{partition}/{number}";

    private async Task StreamAsync(ClientDriver driver, string name, int partition, CancellationToken stop)
    {
        using var timer = new PeriodicTimer(Pace);
        for (long first = partition == 0 ? ChunkRecords : 0; await TickAsync(timer, stop); first += ChunkRecords)
        {
            await SendAsync(driver, name, partition, first);
        }
    }

    private async Task SendAsync(ClientDriver driver, string producer, int partition, long first)
    {
        string[] values = [.. Enumerable.Range(0, ChunkRecords).Select(i => Value(producer, partition, first + i))];
        JsonNode? reports = await driver.CallAsync("produce", new
        {
            topic,
            producer,
            idempotent = true,
            timeoutMs = ProduceTimeoutMs,
            records = values.Select(value => new OutgoingRecord(value, Partition: partition)),
        });
        history.NoteAcknowledged(reports!.AsArray().Select((report, i) => (values[i], (int)report![0]!, (long)report[1]!)));
    }

    private static async Task<bool> TickAsync(PeriodicTimer timer, CancellationToken stop)
    {
        try
        {
            return await timer.WaitForNextTickAsync(stop);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }
}
