using System.Globalization;
using System.Text;
using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Messages;
using OrleansBroker.Protocol.Records;

namespace OrleansBroker.Embedded.Tests.Cluster;

/// <summary>Writes unique values to all partitions of a topic, and reads them, until it is disposed; knows what was acknowledged.</summary>
internal sealed class ScalingLoad : IAsyncDisposable
{
    private readonly ClusterClient _client;
    private readonly string _topic;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Flow[] _flows;
    private readonly Task _running;

    public ScalingLoad(ClusterClient client, string topic, int partitions)
    {
        _client = client;
        _topic = topic;
        _flows = [.. Enumerable.Range(0, partitions).Select(_ => new Flow())];
        _running = Task.WhenAll(_flows.Select((flow, partition) => Task.Run(() => RunAsync(partition, flow))));
    }

    /// <summary>Waits until so many more records of every partition are acknowledged.</summary>
    public Task UntilAcknowledgedAsync(int records)
    {
        var from = Array.ConvertAll(_flows, flow => flow.Acknowledged.Count);
        return _client.UntilAsync(() => Task.FromResult(Enumerable.Range(0, _flows.Length).All(i => _flows[i].Acknowledged.Count >= from[i] + records)), $"{records} more are acknowledged in every partition");
    }

    /// <summary>Ends the load; all that was acknowledged can be read, in order, and was.</summary>
    public async Task CheckAsync()
    {
        await EndAsync();
        for (var partition = 0; partition < _flows.Length; partition++)
        {
            var flow = _flows[partition];
            var (asked, last) = (partition, flow.Acknowledged[^1]);
            await _client.UntilAsync(
                async () =>
                {
                    await TryReadAsync(asked, flow);
                    return flow.Read.Contains(last);
                },
                $"{last} can be read");

            // A record whose answer was lost may stand there twice, or once without having been acknowledged.
            var acknowledged = flow.Acknowledged.ToHashSet();
            Assert.Equal(flow.Acknowledged, flow.Read.Where(acknowledged.Contains).Distinct());
        }
    }

    public async ValueTask DisposeAsync()
    {
        await EndAsync();
        _stopping.Dispose();
    }

    private async Task EndAsync()
    {
        await _stopping.CancelAsync();
        await _running;
    }

    private async Task RunAsync(int partition, Flow flow)
    {
        for (var i = 0; !_stopping.IsCancellationRequested; i++)
        {
            var value = string.Create(CultureInfo.InvariantCulture, $"{partition}-{i}");
            while (!await TryWriteAsync(partition, value) && !_stopping.IsCancellationRequested)
            {
                await Task.Delay(20);
            }

            if (!_stopping.IsCancellationRequested)
            {
                flow.Acknowledged.Add(value);
            }

            if (i % 10 == 0)
            {
                await TryReadAsync(partition, flow);
            }
        }
    }

    private async Task<bool> TryWriteAsync(int partition, string value)
    {
        try
        {
            using var builder = new RecordBatchBuilder();
            builder.Append(1_700_000_000_000, default, Encoding.UTF8.GetBytes(value));
            var response = await _client.SendAsync<ProduceRequest, ProduceResponse>(
                Leader(partition),
                new ProduceRequest { Acks = -1, TimeoutMs = 5_000, TopicData = [new() { Name = _topic, PartitionData = [new() { Index = partition, Records = new RecordSet(builder.Build().ToArray()) }] }] },
                9);
            return response.Responses[0].PartitionResponses[0].ErrorCode == ErrorCode.None;
        }
        catch (IOException)
        {
            return false;
        }
    }

    private async Task TryReadAsync(int partition, Flow flow)
    {
        try
        {
            var response = await _client.SendAsync<FetchRequest, FetchResponse>(
                Leader(partition),
                new FetchRequest { MaxBytes = 1 << 20, Topics = [new() { Topic = _topic, Partitions = [new() { Partition = partition, FetchOffset = flow.Read.Count, PartitionMaxBytes = 1 << 20 }] }] },
                11);
            if (response.Responses[0].Partitions[0] is { ErrorCode: ErrorCode.None } data)
            {
                flow.Read.AddRange(ClusterClient.Values(data.Records));
            }
        }
        catch (IOException)
        {
        }
    }

    private int Leader(int partition) => _client.TryFindLeader(new TopicPartition(_topic, partition)) ?? throw new IOException("nobody leads");

    private sealed class Flow
    {
        public List<string> Acknowledged { get; } = [];

        /// <summary>Every value by offset: each batch has one.</summary>
        public List<string> Read { get; } = [];
    }
}
