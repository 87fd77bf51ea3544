using System.Collections.Concurrent;
using OrleansBroker.Abstractions.Partitions;
using OrleansBroker.Core.Replication;
using OrleansBroker.Embedded;
using OrleansBroker.Protocol.Messages;
using OrleansBroker.Protocol.Records;
using OrleansBroker.Server.Dispatch;

namespace OrleansBroker.Grains.Doors;

/// <summary>What callers inside Orleans ask of this broker's partitions, in Kafka's requests for one partition.</summary>
/// <param name="room">Of which a read takes what it answers: to be given back.</param>
internal sealed class PartitionDoor(BrokerHost host, InProcessCalls calls, DoorRoom room, string clientId)
{
    // The latest in which topics go by their names.
    private const short ProduceVersion = 12;
    private const short FetchVersion = 12;
    private const short ListOffsetsVersion = 11;

    /// <summary>An election reads a document and asks other brokers: callers who try again and again are not to have it held as often.</summary>
    private static readonly TimeSpan StandAgainAfter = TimeSpan.FromMilliseconds(250);

    private readonly ConcurrentDictionary<ReplicaKey, Attempt> _attempts = new();

    public async ValueTask<AppendResponse> AppendAsync(string key, AppendRequest request)
    {
        if (!PartitionKey.TryParse(key, out var topic, out var partition))
        {
            return new AppendResponse { Error = ErrorCode.UnknownTopicOrPartition };
        }

        await StandAsync(topic, partition);
        var response = await calls.AskAsync<ProduceRequest, ProduceResponse>(
            new ProduceRequest
            {
                // Nobody who calls a grain does without an answer.
                Acks = request.Acks == 0 ? (short)1 : request.Acks,
                TimeoutMs = Math.Clamp(request.TimeoutMs, 0, AppendRequest.TimeoutMsMax),

                // It is stamped in place, and within a silo it is the caller's own.
                TopicData = [new() { Name = topic, PartitionData = [new() { Index = partition, Records = new RecordSet(request.Batch.ToArray()) }] }],
            },
            ProduceVersion, clientId);
        var answer = response.Responses[0].PartitionResponses[0];
        return new AppendResponse
        {
            Error = answer.ErrorCode,
            ErrorMessage = answer.ErrorMessage,
            BaseOffset = answer.BaseOffset,
            LogAppendTimeMs = answer.LogAppendTimeMs,
            LogStartOffset = answer.LogStartOffset,
        };
    }

    public async ValueTask<ReadResponse> ReadAsync(string key, ReadRequest request)
    {
        if (!PartitionKey.TryParse(key, out var topic, out var partition))
        {
            return new ReadResponse { Error = ErrorCode.UnknownTopicOrPartition };
        }

        await StandAsync(topic, partition);
        var bytesMax = Math.Clamp(request.MaxBytes, 0, ReadRequest.MaxBytesMax);
        var asking = calls.AskAsync<FetchRequest, FetchResponse>(
            new FetchRequest
            {
                MaxWaitMs = Math.Clamp(request.MaxWaitMs, 0, ReadRequest.MaxWaitMsMax),
                MinBytes = Math.Clamp(request.MinBytes, 1, Math.Max(bytesMax, 1)),
                MaxBytes = bytesMax,
                IsolationLevel = (sbyte)(request.IsReadCommitted ? 1 : 0),
                Topics = [new() { Topic = topic, Partitions = [new() { Partition = partition, FetchOffset = request.Offset, CurrentLeaderEpoch = request.CurrentLeaderEpoch, PartitionMaxBytes = bytesMax }] }],
            },
            FetchVersion, clientId);
        var isWaitedFor = !asking.IsCompleted;
        var response = await asking;
        if (isWaitedFor)
        {
            // Whoever appended goes on here, which may be a thread that polls sockets.
            await Task.Yield();
        }

        if (response.ErrorCode != ErrorCode.None)
        {
            return new ReadResponse { Error = response.ErrorCode };
        }

        // Until there is room they are left where they are.
        var answer = response.Responses[0].Partitions[0];
        await room.TakeAsync(answer.Records.Length, Timeout.InfiniteTimeSpan, calls.Closed);
        var read = ToResponse(answer);
        room.GiveBack(answer.Records.Length - read.Batches.Length);
        return read;
    }

    public async ValueTask<FindOffsetResponse> FindOffsetAsync(string key, FindOffsetRequest request)
    {
        if (!PartitionKey.TryParse(key, out var topic, out var partition))
        {
            return new FindOffsetResponse { Error = ErrorCode.UnknownTopicOrPartition };
        }

        await StandAsync(topic, partition);
        var response = await calls.AskAsync<ListOffsetsRequest, ListOffsetsResponse>(
            new ListOffsetsRequest
            {
                ReplicaId = -1,
                IsolationLevel = (sbyte)(request.IsReadCommitted ? 1 : 0),
                Topics = [new() { Name = topic, Partitions = [new() { PartitionIndex = partition, Timestamp = request.Timestamp }] }],
            },
            ListOffsetsVersion, clientId);
        var answer = response.Topics[0].Partitions[0];
        return new FindOffsetResponse { Error = answer.ErrorCode, Offset = answer.Offset, Timestamp = answer.Timestamp, LeaderEpoch = answer.LeaderEpoch };
    }

    /// <summary>
    /// Has this broker stand for election where it holds a replica and nobody leads who lives, rather than wait until the broker does
    /// so by itself. Whether it may, the election says.
    /// </summary>
    public async ValueTask StandAsync(string topic, int partition)
    {
        if (host.Services.Partitions.Find(topic, partition) is not { IsLeader: false, IsClosed: false } replica || Election.IsLed(replica.State, host.Services.Membership.Current))
        {
            return;
        }

        // One election, for all who ask meanwhile and for those who ask again at once.
        var key = new ReplicaKey(replica.TopicId, partition);
        var attempt = new Attempt(new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously), host.Services.Clock.GetTimestamp());
        var current = _attempts.AddOrUpdate(key, attempt, (_, last) => !last.Done.Task.IsCompleted || host.Services.Clock.GetElapsedTime(last.Began) < StandAgainAfter ? last : attempt);
        if (current != attempt)
        {
            await current.Done.Task;
            return;
        }

        try
        {
            await host.Replicas.TakeLeadershipAsync([key], ElectionKind.LeaderLost);
        }
        finally
        {
            attempt.Done.SetResult();
            if (replica.IsLeader || replica.IsClosed)
            {
                _attempts.TryRemove(KeyValuePair.Create(key, attempt));
            }
        }
    }

    private static ReadResponse ToResponse(FetchResponse.PartitionData answer)
    {
        var response = new ReadResponse
        {
            Error = answer.ErrorCode,
            HighWatermark = answer.HighWatermark,
            LastStableOffset = answer.LastStableOffset,
            LogStartOffset = answer.LogStartOffset,
        };
        if (answer.Records.Length == 0)
        {
            return response;
        }

        try
        {
            var batches = new byte[answer.Records.Length];
            answer.Records.CopyTo(batches);
            response.Batches = batches;
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // The segment was deleted just now.
            response.Error = ErrorCode.KafkaStorageError;
        }

        return response;
    }

    /// <param name="Began">By the broker's clock.</param>
    private sealed record Attempt(TaskCompletionSource Done, long Began);
}
