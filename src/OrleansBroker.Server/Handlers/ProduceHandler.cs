using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using OrleansBroker.Core;
using OrleansBroker.Core.Partitions;
using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Messages;
using OrleansBroker.Protocol.Records;
using OrleansBroker.Server.Producing;
using OrleansBroker.Storage;
using PartitionProduceData = OrleansBroker.Protocol.Messages.ProduceRequest.PartitionProduceData;
using PartitionProduceResponse = OrleansBroker.Protocol.Messages.ProduceResponse.PartitionProduceResponse;
using TopicProduceData = OrleansBroker.Protocol.Messages.ProduceRequest.TopicProduceData;
using TopicProduceResponse = OrleansBroker.Protocol.Messages.ProduceResponse.TopicProduceResponse;

namespace OrleansBroker.Server.Handlers;

/// <summary>
/// Appends what a producer sent, straight from the frame it came in: the batches are stamped there and written once. With
/// acks 1 and, on a single broker, with acks all as well, the answer is there without waiting.
/// </summary>
internal sealed class ProduceHandler(BrokerServices broker) : IHandler<ProduceRequest, ProduceResponse>
{
    /// <summary>The client id of Kafka's own tools, the only one that may write to internal topics.</summary>
    private const string AdminClientId = "__admin_client";

    private const short CurrentLeaderSince = 10;
    private const short TopicIdsSince = 13;

    public ValueTask<ProduceResponse> HandleAsync(ProduceRequest request, RequestContext context)
    {
        context.IsResponseSuppressed = request.Acks == 0;
        if (request.Acks is < -1 or > 1)
        {
            return new ValueTask<ProduceResponse>(Refuse(request, ErrorCode.InvalidRequiredAcks, null));
        }

        if (request.TransactionalId is not null)
        {
            return new ValueTask<ProduceResponse>(Refuse(request, ErrorCode.InvalidTxnState, "transactions are not supported"));
        }

        return MustOpenBatches(request) ? HandleOnPoolAsync(request, context) : Handle(request, context);
    }

    private static ProduceResponse Refuse(ProduceRequest request, ErrorCode error, string? message)
    {
        var response = Answer(request);
        foreach (ref var topic in response.Responses.AsSpan())
        {
            foreach (ref var partition in topic.PartitionResponses.AsSpan())
            {
                Fail(ref partition, error, message);
            }
        }

        return response;
    }

    private static void Fail(ref PartitionProduceResponse response, ErrorCode error, string? message)
    {
        response.ErrorCode = error;
        response.ErrorMessage = message;
        response.BaseOffset = -1;
    }

    /// <summary>A response with a place for each partition of the request.</summary>
    private static ProduceResponse Answer(ProduceRequest request)
    {
        var topics = new TopicProduceResponse[request.TopicData.Length];
        for (var i = 0; i < topics.Length; i++)
        {
            ref var asked = ref request.TopicData[i];
            var partitions = new PartitionProduceResponse[asked.PartitionData.Length];
            for (var k = 0; k < partitions.Length; k++)
            {
                partitions[k] = new PartitionProduceResponse { Index = asked.PartitionData[k].Index };
            }

            topics[i] = new TopicProduceResponse { Name = asked.Name, TopicId = asked.TopicId, PartitionResponses = partitions };
        }

        return new ProduceResponse { Responses = topics };
    }

    /// <summary>Batches that the log decompresses are no work for the thread that polls the sockets.</summary>
    private async ValueTask<ProduceResponse> HandleOnPoolAsync(ProduceRequest request, RequestContext context)
    {
        await Task.Yield();
        return await Handle(request, context);
    }

    private ValueTask<ProduceResponse> Handle(ProduceRequest request, RequestContext context)
    {
        var nowMs = broker.NowMs;
        var response = Answer(request);
        var failed = false;
        for (var i = 0; i < request.TopicData.Length; i++)
        {
            ref var topic = ref request.TopicData[i];
            var answers = response.Responses[i].PartitionResponses;
            for (var k = 0; k < answers.Length; k++)
            {
                Append(request, topic, topic.PartitionData[k], context, nowMs, answers, k);
                failed |= answers[k].ErrorCode != ErrorCode.None;
            }
        }

        if (failed && request.Acks == 0)
        {
            // A producer that waits for no answer learns of the failure by the end of its connection.
            context.CloseReason = "a produce with acks 0 failed";
        }

        if (request.Acks != 0 && !context.Commits(broker.Clock).IsEmpty)
        {
            return WaitAsync(response, request.TimeoutMs, context);
        }

        if (failed)
        {
            NameLeaders(response, context.ApiVersion);
        }

        return new ValueTask<ProduceResponse>(response);
    }

    /// <summary>Appends to one partition and fills in its answer, or has it waited for.</summary>
    private void Append(
        ProduceRequest request,
        in TopicProduceData topic,
        in PartitionProduceData data,
        RequestContext context,
        long nowMs,
        PartitionProduceResponse[] answers,
        int index)
    {
        ref var answer = ref answers[index];
        var error = Find(topic, data.Index, context.ApiVersion, out var partition);
        if (error != ErrorCode.None)
        {
            Fail(ref answer, error, null);
            return;
        }

        if (partition!.IsInternal && context.ClientId != AdminClientId)
        {
            Fail(ref answer, ErrorCode.InvalidTopicException, $"cannot append to the internal topic {partition.Name.Topic}");
            return;
        }

        error = CheckBatch(data.Records, out var problem);
        if (error != ErrorCode.None)
        {
            Fail(ref answer, error, problem);
            return;
        }

        var batches = MemoryMarshal.AsMemory(data.Records.Memory).Span;
        var appended = partition.Append(batches, AppendOrigin.Client, nowMs, request.Acks);
        if (appended.Error != ErrorCode.None)
        {
            Fail(ref answer, appended.Error, appended.ErrorMessage);
            answer.LogStartOffset = appended.LogStartOffset;
            answer.RecordErrors = RecordErrors(appended.RecordErrors);
            return;
        }

        if (!appended.Duplicate)
        {
            broker.Counters.NoteAppended(appended.LastOffset - appended.BaseOffset + 1, batches.Length);
        }

        answer.BaseOffset = appended.BaseOffset;
        answer.LogAppendTimeMs = appended.LogAppendTimeMs;
        answer.LogStartOffset = appended.LogStartOffset;
        context.NotifyAfterResponse(partition);
        if (request.Acks != 0)
        {
            AwaitCommit(partition, appended, request.Acks, context.Commits(broker.Clock), answers, index);
        }
    }

    private static void AwaitCommit(Partition partition, in AppendResult appended, short acks, CommitWait commits, PartitionProduceResponse[] answers, int index)
    {
        if (partition.AwaitCommit(appended, acks, commits.Next) is not { } result)
        {
            commits.Keep(answers, index);
        }
        else if (result != ErrorCode.None)
        {
            Fail(ref answers[index], result, null);
        }
    }

    private ErrorCode Find(in TopicProduceData topic, int index, short version, out Partition? partition) =>
        version >= TopicIdsSince ? broker.Lookup(topic.TopicId, index, out partition) : broker.Lookup(topic.Name, index, out partition);

    /// <summary>A partition of a request carries exactly one batch, and none of a transaction: there is no coordinator for it.</summary>
    private static ErrorCode CheckBatch(in RecordSet records, out string? problem)
    {
        problem = null;
        if (RecordBatchView.TryParse(records.Memory.Span, out var batch) != RecordBatchProblem.None)
        {
            // The log says what is wrong with it.
            return records.Length == 0 ? Invalid("a partition without a record batch", out problem) : ErrorCode.None;
        }

        if (batch.SizeBytes != records.Length)
        {
            return Invalid("more than one record batch for a partition", out problem);
        }

        if (batch.IsTransactional)
        {
            problem = "transactions are not supported";
            return ErrorCode.InvalidTxnState;
        }

        return ErrorCode.None;
    }

    private static ErrorCode Invalid(string message, out string? problem)
    {
        problem = message;
        return ErrorCode.InvalidRecord;
    }

    private bool MustOpenBatches(ProduceRequest request)
    {
        foreach (ref var topic in request.TopicData.AsSpan())
        {
            foreach (ref var data in topic.PartitionData.AsSpan())
            {
                var partition = topic.TopicId == Guid.Empty
                    ? broker.Partitions.Find(topic.Name, data.Index)
                    : broker.Partitions.Find(topic.TopicId, data.Index);
                if (partition is not null && MustOpen(partition.Log.Config, data.Records.Memory.Span))
                {
                    return true;
                }
            }
        }

        return false;
    }

    private static bool MustOpen(LogConfig config, ReadOnlySpan<byte> records)
    {
        if (config.Compression is null && !config.Compact)
        {
            return false;
        }

        return RecordBatchView.TryParse(records, out var batch) == RecordBatchProblem.None
            && (config.Compression is { } codec ? codec != batch.Compression : batch.Compression != CompressionCodec.None);
    }

    private static ProduceResponse.BatchIndexAndErrorMessage[] RecordErrors(RecordError[]? errors) =>
        errors is null
            ? []
            : Array.ConvertAll(errors, error => new ProduceResponse.BatchIndexAndErrorMessage { BatchIndex = error.BatchIndex, BatchIndexErrorMessage = error.Message });

    /// <summary>Waits for the commits of one request together, for as long as the producer does.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<ProduceResponse> WaitAsync(ProduceResponse response, int timeoutMs, RequestContext context)
    {
        // Followers that wait for these records have to hear of them before the commit that needs them.
        context.NotifyAppended();
        if (!await context.Commits(broker.Clock).WaitAsync(timeoutMs))
        {
            throw new OperationCanceledException("the producer did not wait for its commits");
        }

        NameLeaders(response, context.ApiVersion);
        return response;
    }

    /// <summary>Names the leaders of the partitions that this broker does not lead.</summary>
    private void NameLeaders(ProduceResponse response, short version)
    {
        if (version < CurrentLeaderSince)
        {
            return;
        }

        CurrentLeaders? leaders = null;
        foreach (ref var topic in response.Responses.AsSpan())
        {
            foreach (ref var answer in topic.PartitionResponses.AsSpan())
            {
                if (CurrentLeaders.Explains(answer.ErrorCode))
                {
                    leaders ??= new CurrentLeaders(broker);
                    var isKnown = version >= TopicIdsSince
                        ? leaders.TryFind(topic.TopicId, answer.Index, out var leader, out var epoch)
                        : leaders.TryFind(topic.Name, answer.Index, out leader, out epoch);
                    answer.CurrentLeader = isKnown ? new ProduceResponse.LeaderIdAndEpoch { LeaderId = leader.Value, LeaderEpoch = epoch.Value } : null;
                }
            }
        }

        if (leaders is not null)
        {
            response.NodeEndpoints =
            [
                .. leaders.Endpoints.Select(endpoint => new ProduceResponse.NodeEndpoint
                {
                    NodeId = endpoint.Id.Value, Host = endpoint.Host, Port = endpoint.Port, Rack = endpoint.Rack,
                }),
            ];
        }
    }
}
