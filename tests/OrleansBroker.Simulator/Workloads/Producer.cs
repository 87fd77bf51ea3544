using System.Globalization;
using System.Text;
using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Messages;
using OrleansBroker.Protocol.Records;
using OrleansBroker.Simulator.Clients;
using OrleansBroker.Simulator.Engine;
using OrleansBroker.Simulator.Invariants;

namespace OrleansBroker.Simulator.Workloads;

/// <summary>What a producer is set to.</summary>
internal sealed record ProducerOptions(string Topic, short Acks, bool IsIdempotent, CompressionCodec Codec)
{
    /// <summary>Milliseconds between batches, on average.</summary>
    public int IntervalMs { get; init; } = 150;

    /// <summary>Records in a batch, at most.</summary>
    public int BatchRecordsMax { get; init; } = 4;

    /// <summary>Bytes that a value is filled up to, at most.</summary>
    public int ValueBytesMax { get; init; } = 200;

    /// <summary>Batches of one partition that are sent before the first of them is acknowledged, at most.</summary>
    public int InFlightMax { get; init; } = 1;
}

/// <summary>
/// Sends records with keys, one batch after the other or several at a time, each again until it is acknowledged or its time is over. An
/// idempotent one keeps its sequence, and asks for a new producer id where a batch's fate stays unknown.
/// </summary>
internal sealed class Producer(ClusterClient client, Ledger ledger, ProducerOptions options, string name)
{
    private const short Version = 11;
    private static readonly TimeSpan DeliveryTimeout = TimeSpan.FromSeconds(40);

    private static readonly ErrorCode[] NeverTold =
        [ErrorCode.CorruptMessage, ErrorCode.InvalidRecord, ErrorCode.MessageTooLarge, ErrorCode.InvalidRequiredAcks, ErrorCode.DuplicateSequenceNumber];

    private static readonly ErrorCode[] SequenceErrors =
        [ErrorCode.OutOfOrderSequenceNumber, ErrorCode.UnknownProducerId, ErrorCode.InvalidProducerEpoch];

    private readonly Dictionary<int, int> _sequences = [];
    private long _producerId = -1;
    private short _producerEpoch = -1;
    private int _sent;

    public bool IsStopped { get; private set; }

    /// <summary>Batches that were acknowledged since the beginning.</summary>
    public int Acknowledged { get; private set; }

    /// <summary>No new batch is begun.</summary>
    public void Stop() => IsStopped = true;

    public async Task RunAsync()
    {
        while (!IsStopped)
        {
            await client.Delay(client.Chance.Between(1, options.IntervalMs * 2));
            var partitions = await client.PartitionsAsync(options.Topic);
            if (partitions > 0 && (!options.IsIdempotent || await HasIdAsync()))
            {
                await SendAsync(new TopicPartition(options.Topic, client.Chance.Random.Next(partitions)));
            }
        }
    }

    private async Task<bool> HasIdAsync()
    {
        while (_producerId < 0)
        {
            try
            {
                var response = await client.CallAsync<InitProducerIdRequest, InitProducerIdResponse>(
                    client.AnyBroker(), new InitProducerIdRequest { TransactionTimeoutMs = 60_000, ProducerId = -1, ProducerEpoch = -1 }, 4);
                if (response.ErrorCode == ErrorCode.None)
                {
                    _producerId = response.ProducerId;
                    _producerEpoch = response.ProducerEpoch;
                    _sequences.Clear();
                    ledger.Claim(_producerId, _producerEpoch, name);
                }
            }
            catch (IOException)
            {
            }

            if (_producerId < 0)
            {
                await client.BackOff();
                if (IsStopped)
                {
                    return false;
                }
            }
        }

        return true;
    }

    private async Task SendAsync(TopicPartition partition)
    {
        var waiting = NewBatches(partition);
        var until = client.World.Now + DeliveryTimeout;
        while (client.World.Now < until)
        {
            await TrySendAsync(partition, waiting);
            if (waiting.Count == 0)
            {
                return;
            }

            client.Forget();
            await client.BackOff();
        }

        // Nobody knows whether the batches are there: sequences start again under another id.
        _producerId = -1;
    }

    /// <summary>Sends all batches that wait, in order; those that are acknowledged wait no more.</summary>
    private async Task TrySendAsync(TopicPartition partition, List<Batch> waiting)
    {
        var (leader, _) = await client.LeaderAsync(partition);
        if (leader < 0)
        {
            return;
        }

        try
        {
            // The same connection for all: it keeps their order.
            await client.ConnectAsync(leader);
        }
        catch (IOException)
        {
            return;
        }

        var isFirst = true;
        foreach (var (batch, sending) in waiting.Select(batch => (batch, SendAsync(leader, partition, batch))).ToArray())
        {
            if (await sending is { } response && IsDone(partition, batch.Records, response, isFirst))
            {
                Acknowledged++;
                waiting.Remove(batch);
            }
            else
            {
                isFirst = false;
            }
        }
    }

    /// <summary>Null where there is no answer, and there should be.</summary>
    private async Task<ProduceResponse.PartitionProduceResponse?> SendAsync(int leader, TopicPartition partition, Batch batch)
    {
        var request = new ProduceRequest
        {
            Acks = options.Acks,
            TimeoutMs = 5_000,
            TopicData = [new() { Name = partition.Topic, PartitionData = [new() { Index = partition.Partition, Records = new RecordSet(batch.Bytes) }] }],
        };
        try
        {
            if (options.Acks == 0)
            {
                await client.SendAsync(leader, request, Version);
                return new();
            }

            var response = await client.CallAsync<ProduceRequest, ProduceResponse>(leader, request, Version);
            return response.Responses[0].PartitionResponses[0];
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <summary>False where the batch is to be sent again.</summary>
    /// <param name="isFirst">Whether all before it is acknowledged.</param>
    private bool IsDone(TopicPartition partition, SentRecord[] records, ProduceResponse.PartitionProduceResponse response, bool isFirst)
    {
        if (options.Acks == 0)
        {
            return true;
        }

        if (response.ErrorCode == ErrorCode.None)
        {
            for (var i = 0; i < records.Length; i++)
            {
                ledger.Acknowledge(records[i], response.BaseOffset + i);
            }

            return true;
        }

        client.Process.Note($"{records[0].Value.TrimEnd('.')} to {partition}: {response.ErrorCode}");
        if (Array.IndexOf(NeverTold, response.ErrorCode) >= 0)
        {
            throw new SimulationFailure("produce", $"{name} sent {records[0].Value} to {partition} and was told {response.ErrorCode}");
        }

        if (isFirst && Array.IndexOf(SequenceErrors, response.ErrorCode) >= 0 && options.Acks == -1 && ledger.TraitsOf(partition.Topic).IsDurable)
        {
            throw new SimulationFailure("producer state", $"{name} sent {records[0].Value} to {partition} right after what was acknowledged, and was told {response.ErrorCode}");
        }

        return false;
    }

    private List<Batch> NewBatches(TopicPartition partition)
    {
        // A partition that does not know the producer takes any sequence for its first, as Kafka's does: nothing may come before it.
        var batches = new List<Batch>();
        for (var i = _sequences.ContainsKey(partition.Partition) ? client.Chance.Between(1, options.InFlightMax) : 1; i > 0; i--)
        {
            var records = NewRecords(partition);
            batches.Add(new Batch(records, Build(partition, records)));
            _sequences[partition.Partition] = _sequences.GetValueOrDefault(partition.Partition) + records.Length;
        }

        return batches;
    }

    private SentRecord[] NewRecords(TopicPartition partition)
    {
        var records = new SentRecord[client.Chance.Between(1, options.BatchRecordsMax)];
        for (var i = 0; i < records.Length; i++)
        {
            var value = string.Create(CultureInfo.InvariantCulture, $"{name}-{_sent++}").PadRight(client.Chance.Between(1, options.ValueBytesMax), '.');
            records[i] = new SentRecord(value, partition, options.Acks, options.IsIdempotent);
            ledger.Send(records[i]);
        }

        return records;
    }

    private byte[] Build(TopicPartition partition, SentRecord[] records)
    {
        using var builder = new RecordBatchBuilder(options.Codec);
        if (options.IsIdempotent)
        {
            builder.ProducerId = _producerId;
            builder.ProducerEpoch = _producerEpoch;
            builder.BaseSequence = _sequences.GetValueOrDefault(partition.Partition);
        }

        var timestamp = client.Process.Clock.GetUtcNow().ToUnixTimeMilliseconds();
        foreach (var record in records)
        {
            builder.Append(timestamp, Encoding.UTF8.GetBytes($"{name}-{partition.Partition}"), Encoding.UTF8.GetBytes(record.Value));
        }

        return builder.Build().ToArray();
    }

    private sealed record Batch(SentRecord[] Records, byte[] Bytes);
}
