using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Messages;
using OrleansBroker.Simulator.Clients;
using OrleansBroker.Simulator.Invariants;

namespace OrleansBroker.Simulator.Workloads;

/// <summary>
/// Reads the partitions of one topic from their beginning, without a group: one after the other, or all that a broker has at once in a
/// fetch session. Now and then it starts again from the beginning.
/// </summary>
internal sealed class AssignedConsumer(ClusterClient client, Ledger ledger, string topic, string rack, bool usesSessions)
{
    private readonly SortedDictionary<int, PartitionReader> _readers = [];
    private readonly SortedDictionary<int, ConsumerSession> _sessions = [];

    public bool IsStopped { get; private set; }

    /// <summary>Whether the consumer only reads on: where segments are small, the way from the beginning takes long.</summary>
    public bool IsCalm { get; set; }

    public void Stop() => IsStopped = true;

    public async Task RunAsync()
    {
        while (!IsStopped)
        {
            var partitions = await client.PartitionsAsync(topic);
            if (usesSessions)
            {
                await PollAllAsync(partitions);
            }
            else
            {
                for (var partition = 0; partition < partitions && !IsStopped; partition++)
                {
                    await PollAsync(partition);
                }
            }

            await client.Delay(client.Chance.Between(1, 60));
        }
    }

    /// <summary>What the consumer has not read, though it was acknowledged or others have read it; null where it has read all.</summary>
    public string? Unread() => ledger.TraitsOf(topic).IsDurable
        ? Enumerable.Range(0, ledger.TraitsOf(topic).Partitions).Select(Unread).FirstOrDefault(unread => unread is not null)
        : null;

    private string? Unread(int partition)
    {
        var last = ledger.LastSeenIn(new TopicPartition(topic, partition));
        var position = _readers.GetValueOrDefault(partition)?.Position ?? -1;
        return last < 0 || position > last ? null : $"{client.Process.Name} is at {position} of {topic}-{partition}, which has {last}{(usesSessions ? ", in a session" : string.Empty)}";
    }

    private PartitionReader ReaderOf(int partition)
    {
        if (!_readers.TryGetValue(partition, out var reader) || (!IsCalm && client.Chance.Happens(0.002)))
        {
            _readers[partition] = reader = new PartitionReader(client, ledger, new TopicPartition(topic, partition)) { Rack = rack };
        }

        return reader;
    }

    private async Task PollAsync(int partition)
    {
        var reader = ReaderOf(partition);
        if (await reader.BeginAsync())
        {
            await reader.PollAsync(client.Chance.Between(0, 200));
        }
        else
        {
            await client.BackOff();
        }
    }

    private async Task PollAllAsync(int partitions)
    {
        var wanted = new SortedDictionary<int, List<FetchRequest.FetchPartition>>();
        for (var partition = 0; partition < partitions; partition++)
        {
            var reader = ReaderOf(partition);
            if (await reader.BeginAsync() && await reader.SourceAsync() is { } source)
            {
                wanted.TryAdd(source.Broker, []);
                wanted[source.Broker].Add(source.Wanted);
            }
        }

        foreach (var (broker, some) in wanted)
        {
            await PollAsync(broker, some);
        }

        if (wanted.Count == 0)
        {
            client.Forget();
            await client.BackOff();
        }
    }

    private async Task PollAsync(int broker, List<FetchRequest.FetchPartition> wanted)
    {
        if (!_sessions.TryGetValue(broker, out var session) || client.Chance.Happens(0.01))
        {
            _sessions[broker] = session = new ConsumerSession(topic);
        }

        var request = new FetchRequest { MaxWaitMs = client.Chance.Between(0, 200), MinBytes = 1, RackId = rack };
        session.Fill(request, wanted);
        try
        {
            var response = await client.CallAsync<FetchRequest, FetchResponse>(broker, request, PartitionReader.Version);
            if (response.ErrorCode == ErrorCode.None)
            {
                session.Note(response);
                foreach (var data in response.Responses.SelectMany(each => each.Partitions))
                {
                    await _readers[data.PartitionIndex].TakeAsync(data, broker);
                }

                return;
            }
        }
        catch (IOException)
        {
        }

        session.End();
        wanted.ForEach(partition => _readers[partition.Partition].Fail());
        await client.BackOff();
    }
}
