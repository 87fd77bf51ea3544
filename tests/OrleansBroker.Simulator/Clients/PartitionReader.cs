using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Messages;
using OrleansBroker.Simulator.Engine;
using OrleansBroker.Simulator.Invariants;

namespace OrleansBroker.Simulator.Clients;

/// <summary>
/// Reads one partition from an offset on, as a consumer does, and checks what it gets: no record is left out, none comes twice or out of
/// order, and each is what others saw at its offset.
/// </summary>
internal sealed class PartitionReader(ClusterClient client, Ledger ledger, TopicPartition partition)
{
    public const short Version = 12;

    private int _lastEpoch = -1;
    private int _preferred = -1;

    /// <summary>The next offset to read; -1 until it is known.</summary>
    public long Position { get; set; } = -1;

    /// <summary>The rack that the reader is in: it may be sent to a follower there.</summary>
    public string Rack { get; init; } = string.Empty;

    /// <summary>Begins at the earliest record where no position is known. False where it could not be asked.</summary>
    public async Task<bool> BeginAsync()
    {
        if (Position >= 0)
        {
            return true;
        }

        var (error, offset) = await ListAsync(-2);
        if (error != ErrorCode.None)
        {
            return false;
        }

        Position = offset;
        return true;
    }

    /// <summary>The offset behind the last record that may be read, or an error.</summary>
    public Task<(ErrorCode Error, long Offset)> EndAsync() => ListAsync(-1);

    /// <summary>Fetches once. Returns how many records came, -1 where the fetch failed.</summary>
    public async Task<int> PollAsync(int maxWaitMs)
    {
        if (await SourceAsync() is not { } source)
        {
            await client.BackOff();
            return -1;
        }

        var request = new FetchRequest { MaxWaitMs = maxWaitMs, MinBytes = 1, RackId = Rack, Topics = [new() { Topic = partition.Topic, Partitions = [source.Wanted] }] };
        try
        {
            var response = await client.CallAsync<FetchRequest, FetchResponse>(source.Broker, request, Version);
            return response.ErrorCode == ErrorCode.None && response.Responses.Length > 0 ? await TakeAsync(response.Responses[0].Partitions[0], source.Broker) : await FailAsync();
        }
        catch (IOException)
        {
            return await FailAsync();
        }
    }

    /// <summary>Whom to ask for what comes next; null where nobody is known.</summary>
    public async Task<(int Broker, FetchRequest.FetchPartition Wanted)?> SourceAsync()
    {
        var (leader, epoch) = await client.LeaderAsync(partition);
        if (leader < 0)
        {
            return null;
        }

        // Only the leader can tell that a log has parted from it; a follower may merely be behind.
        var from = _preferred >= 0 ? _preferred : leader;
        return (from, new()
        {
            Partition = partition.Partition, CurrentLeaderEpoch = epoch, FetchOffset = Position, LastFetchedEpoch = from == leader ? _lastEpoch : -1, PartitionMaxBytes = 1 << 16,
        });
    }

    /// <summary>The fetch failed: the leader is asked, once it is known who that is now.</summary>
    public void Fail()
    {
        _preferred = -1;
        client.Forget();
    }

    private async Task<int> FailAsync()
    {
        Fail();
        await client.BackOff();
        return -1;
    }

    /// <summary>Takes what a broker answered. Returns how many records came, -1 where that was an error.</summary>
    public async Task<int> TakeAsync(FetchResponse.PartitionData data, int from)
    {
        if (data.ErrorCode == ErrorCode.OffsetOutOfRange)
        {
            await OutOfRangeAsync(from);
            return -1;
        }

        if (data.ErrorCode != ErrorCode.None)
        {
            return await FailAsync();
        }

        if (data.DivergingEpoch is { } diverging && IsDurable)
        {
            throw new SimulationFailure("exposed record lost", $"broker {from} says that {partition} ends at {diverging.EndOffset} in epoch {diverging.Epoch}; a consumer has read up to {Position} in epoch {_lastEpoch}");
        }

        if (data.PreferredReadReplica >= 0)
        {
            _preferred = data.PreferredReadReplica;
            return 0;
        }

        return Take(data.Records, from);
    }

    private int Take(Protocol.Records.RecordSet set, int from)
    {
        var bytes = new byte[set.Length];
        set.CopyTo(bytes);
        var records = ReadRecord.Parse(bytes, out var broken);
        if (broken is not null)
        {
            throw new SimulationFailure("broken batch", $"broker {from} served {partition} at {Position}: {broken}");
        }

        var taken = 0;
        foreach (var record in records.Where(record => record.Offset >= Position))
        {
            if (record.Offset != Position)
            {
                throw new SimulationFailure("skipped", $"broker {from} served {partition} at {record.Offset} where {Position} was asked for");
            }

            ledger.Read(partition, record.Offset, record.Value);
            Position++;
            _lastEpoch = record.LeaderEpoch;
            taken++;
        }

        return taken;
    }

    private bool IsDurable => ledger.TraitsOf(partition.Topic).IsDurable;

    /// <summary>Records below may have been deleted; above there was something that this reader has seen.</summary>
    private async Task OutOfRangeAsync(int from)
    {
        var (error, start) = await ListAsync(-2);
        if (error != ErrorCode.None)
        {
            return;
        }

        if (start > Position)
        {
            Position = start;
            _lastEpoch = -1;
            return;
        }

        // One that begins at a committed offset knows no epoch, and may have been sent to a leader that was deposed and does not know it.
        var leader = await client.LeaderAsync(partition);
        if (IsDurable && from == leader.Leader && _lastEpoch >= 0 && leader.Epoch >= _lastEpoch && await EndAsync() is (ErrorCode.None, var end) && end < Position)
        {
            throw new SimulationFailure("exposed record lost", $"{partition} ends at {end} on broker {from}; a consumer has read up to {Position}");
        }

        Fail();
        await client.BackOff();
    }

    private async Task<(ErrorCode Error, long Offset)> ListAsync(long timestamp)
    {
        var (leader, epoch) = await client.LeaderAsync(partition);
        if (leader < 0)
        {
            return (ErrorCode.LeaderNotAvailable, -1);
        }

        try
        {
            var response = await client.CallAsync<ListOffsetsRequest, ListOffsetsResponse>(
                leader,
                new ListOffsetsRequest
                {
                    ReplicaId = -1,
                    Topics = [new() { Name = partition.Topic, Partitions = [new() { PartitionIndex = partition.Partition, CurrentLeaderEpoch = epoch, Timestamp = timestamp }] }],
                },
                7);
            var answer = response.Topics[0].Partitions[0];
            if (answer.ErrorCode != ErrorCode.None)
            {
                client.Forget();
            }

            return (answer.ErrorCode, answer.Offset);
        }
        catch (IOException)
        {
            client.Forget();
            return (ErrorCode.NetworkException, -1);
        }
    }
}
