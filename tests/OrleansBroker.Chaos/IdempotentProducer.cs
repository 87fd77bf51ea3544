using System.Text;
using OrleansBroker.Compatibility.Tests.Chaos;
using OrleansBroker.Core.Ports;
using OrleansBroker.Protocol.Messages;
using OrleansBroker.Protocol.Records;

namespace OrleansBroker.Chaos;

/// <summary>
/// An idempotent producer with acks=all that sends a stream of numbered records to each partition, a batch at a time, and each
/// batch again, with the same sequence, until it is acknowledged.
/// </summary>
internal sealed class IdempotentProducer(KafkaClient client, History history, string topic, string name)
{
    private const int BatchRecords = 2;
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan AskAgainAfter = TimeSpan.FromMilliseconds(20);

    /// <summary>Goes on until it is stopped and the last batch of every partition is acknowledged.</summary>
    public async Task RunAsync(int partitions, CancellationToken stop)
    {
        InitProducerIdResponse? id = null;
        while (id is null)
        {
            id = await client.TryAskAnyAsync<InitProducerIdRequest, InitProducerIdResponse>(new InitProducerIdRequest(), 4, response => response.ErrorCode == ErrorCode.None);
        }

        await Task.WhenAll(Enumerable.Range(0, partitions).Select(partition => new Stream(this, id, partition).RunAsync(stop)));
    }

    private sealed class Stream(IdempotentProducer producer, InitProducerIdResponse id, int partition)
    {
        private IBrokerConnection? _connection;
        private int _leaderEpoch = -1;

        public async Task RunAsync(CancellationToken stop)
        {
            for (var first = 0; !stop.IsCancellationRequested; first += BatchRecords)
            {
                string[] values = [.. Enumerable.Range(first, BatchRecords).Select(number => Workload.Value(producer.Name, partition, number))];
                var batch = Build(values, first);
                long? offset;
                while ((offset = await TrySendAsync(batch, values[0])) is null)
                {
                    await Task.Delay(AskAgainAfter, CancellationToken.None);
                }

                if (offset >= 0)
                {
                    producer.History.NoteAcknowledged(values.Select((value, i) => (value, partition, offset.Value + i)));
                }

                await Task.Delay(Pace, CancellationToken.None);
            }

            await CloseAsync();
        }

        private byte[] Build(string[] values, int sequence)
        {
            using var builder = new RecordBatchBuilder { ProducerId = id.ProducerId, ProducerEpoch = id.ProducerEpoch, BaseSequence = sequence };
            foreach (var value in values)
            {
                builder.Append(DateTimeOffset.UtcNow.ToUnixTimeMilliseconds(), default, Encoding.UTF8.GetBytes(value));
            }

            return builder.Build().ToArray();
        }

        /// <returns>The offset that the batch was acknowledged at, -1 where it is acknowledged and nobody knows where; null where it is not.</returns>
        private async Task<long?> TrySendAsync(byte[] batch, string first)
        {
            try
            {
                _connection ??= await ConnectAsync();
                if (_connection is null)
                {
                    return null;
                }

                using var patience = new CancellationTokenSource(KafkaClient.Patience);
                var response = await _connection.SendAsync<ProduceRequest, ProduceResponse>(
                    new ProduceRequest
                    {
                        Acks = -1,
                        TimeoutMs = (int)KafkaClient.Patience.TotalMilliseconds,
                        TopicData = [new() { Name = producer.Topic, PartitionData = [new() { Index = partition, Records = new RecordSet(batch) }] }],
                    },
                    9,
                    patience.Token);
                return await JudgeAsync(response.Responses[0].PartitionResponses[0], first);
            }
            catch (Exception e) when (e is IOException or OperationCanceledException)
            {
                await CloseAsync();
                return null;
            }
        }

        private async Task<long?> JudgeAsync(ProduceResponse.PartitionProduceResponse response, string first)
        {
            if (response.ErrorCode is ErrorCode.None or ErrorCode.DuplicateSequenceNumber)
            {
                return response.ErrorCode == ErrorCode.None ? response.BaseOffset : -1;
            }

            if (response.ErrorCode is ErrorCode.OutOfOrderSequenceNumber or ErrorCode.UnknownProducerId or ErrorCode.InvalidProducerEpoch)
            {
                producer.History.Impossible.Enqueue($"{first} was answered {response.ErrorCode}: what was acknowledged before it is not there");
                await Task.Delay(KafkaClient.Patience);
            }

            await CloseAsync();
            return null;
        }

        /// <summary>Connects to the leader of the highest epoch that any broker has told of.</summary>
        private async Task<IBrokerConnection?> ConnectAsync()
        {
            if (await producer.Client.TryMetadataAsync(producer.Topic) is not { } metadata
                || metadata.Topics[0].Partitions.FirstOrDefault(found => found.PartitionIndex == partition) is not { } state
                || state.LeaderEpoch < _leaderEpoch
                || metadata.Brokers.FirstOrDefault(broker => broker.NodeId == state.LeaderId) is not { } leader)
            {
                return null;
            }

            _leaderEpoch = state.LeaderEpoch;
            return await KafkaClient.ConnectAsync(leader.Host, leader.Port);
        }

        private async Task CloseAsync()
        {
            if (_connection is { } connection)
            {
                _connection = null;
                await connection.DisposeAsync();
            }
        }
    }

    private KafkaClient Client => client;

    private History History => history;

    private string Topic => topic;

    private string Name => name;
}
