using Microsoft.Extensions.Logging;
using OrleansBroker.Client.Connections;
using OrleansBroker.Client.Metadata;
using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Messages;
using OrleansBroker.Protocol.Records;
using PartitionData = OrleansBroker.Protocol.Messages.FetchResponse.PartitionData;

namespace OrleansBroker.Client.Consuming;

/// <summary>Decides what a broker's answers mean for the partitions that it was asked about.</summary>
internal sealed partial class FetchVerdicts(Cluster cluster, ConsumerOptions options, FetchBuffer buffer, ILogger log)
{
    private readonly long _pauseMs = (long)cluster.Options.RetryBackoff.TotalMilliseconds;

    /// <summary>The timestamp that ListOffsets is to be asked for.</summary>
    public long TimestampOf(long offset) => offset switch
    {
        Offset.Beginning => ListOffsetsRequest.EarliestTimestamp,
        Offset.End => ListOffsetsRequest.LatestTimestamp,
        _ when options.AutoOffsetReset == AutoOffsetReset.Earliest => ListOffsetsRequest.EarliestTimestamp,
        _ => ListOffsetsRequest.LatestTimestamp,
    };

    /// <returns>False where there is nothing to look up: the application is told that there is no offset.</returns>
    public bool TryChooseTimestamp(FetchTarget target)
    {
        if (target.FetchOffset is Offset.Beginning or Offset.End || options.AutoOffsetReset != AutoOffsetReset.None)
        {
            return true;
        }

        Fail(target, ErrorCode.OffsetOutOfRange, "no offset to start from, and auto.offset.reset is none");
        return false;
    }

    /// <returns>Whether the cluster is to be asked who leads.</returns>
    public bool TakeOffset(FetchTarget target, ListOffsetsResponse.ListOffsetsPartitionResponse answer, long nowMs)
    {
        if (answer.ErrorCode == ErrorCode.None)
        {
            buffer.TryUpdate(target.Partition, target.Version, partition => partition.Resolve(answer.Offset, leaderEpoch: -1));
            return false;
        }

        return Postpone(target, answer.ErrorCode, nowMs);
    }

    /// <inheritdoc cref="TakeOffset"/>
    public bool Take(FetchNode node, Answer<FetchResponse> answer, List<FetchTarget> targets, long nowMs)
    {
        var needsMetadata = false;
        var names = targets.DistinctBy(target => target.TopicId).ToDictionary(target => target.TopicId, target => target.Partition.Name.Topic);
        foreach (var topic in answer.Response.Responses)
        {
            var name = topic.Topic.Length > 0 ? topic.Topic : names.GetValueOrDefault(topic.TopicId);
            foreach (ref var data in topic.Partitions.AsSpan())
            {
                if (name is not null && node.Session.Asked(new TopicPartition(name, data.PartitionIndex)) is { } target)
                {
                    needsMetadata |= Take(node, target, ref data, answer, nowMs);
                }
            }
        }

        return needsMetadata;
    }

    private bool Take(FetchNode node, FetchTarget target, ref PartitionData data, Answer<FetchResponse> answer, long nowMs)
    {
        if (data.DivergingEpoch is { } diverging)
        {
            Truncate(target, diverging);
            return false;
        }

        if (data.ErrorCode != ErrorCode.None)
        {
            return Judge(node, target, data, answer.Response, nowMs);
        }

        var (highWatermark, logStart, near) = (data.HighWatermark, data.LogStartOffset, data.PreferredReadReplica);
        buffer.TryUpdate(target.Partition, target.Version, partition =>
        {
            (partition.HighWatermark, partition.LogStartOffset) = (highWatermark, logStart);
            if (near >= 0)
            {
                partition.NearReplica = near;
                partition.NearUntilMs = nowMs + (long)cluster.Options.MetadataMaxAge.TotalMilliseconds;
            }
        });
        AddRecords(target, data.Records, answer.Frame!);

        // Where the near replica is one that nothing was read from yet, a loop for it is to be started.
        return near >= 0;
    }

    private void AddRecords(FetchTarget target, RecordSet records, ResponseFrame frame)
    {
        var whole = 0;
        var (next, epoch) = (target.FetchOffset, target.LastFetchedEpoch);
        RecordBatchProblem problem;
        while ((problem = RecordBatchView.TryParse(records.Memory.Span[whole..], out var batch)) == RecordBatchProblem.None)
        {
            whole += batch.SizeBytes;
            (next, epoch) = (Math.Max(batch.NextOffset, next), batch.PartitionLeaderEpoch);
        }

        if (whole > 0)
        {
            frame.AddUser();
            buffer.Add(new FetchedPart(target.Partition, target.Version, frame, records.Memory[..whole], target.FetchOffset), next, epoch);
        }

        // Too short is the rest of a batch that did not fit, or nothing at all.
        if (problem != RecordBatchProblem.TooShort)
        {
            Fail(target with { FetchOffset = next }, ErrorCode.CorruptMessage, $"what the broker sent is no record batch: {problem}");
        }
        else if (whole == 0 && records.Length > 0)
        {
            Fail(target, ErrorCode.MessageTooLarge, "the broker sent part of a batch only");
        }
    }

    /// <summary>What the consumer has read is not in the leader's log any more (KIP-320): it goes on from where the logs agree, if it may.</summary>
    private void Truncate(FetchTarget target, FetchResponse.EpochEndOffset diverging)
    {
        var isLost = false;
        buffer.TryUpdate(target.Partition, target.Version, partition =>
        {
            isLost = partition.Position > diverging.EndOffset;
            if (!isLost || options.AutoOffsetReset != AutoOffsetReset.None)
            {
                // What was fetched and not consumed yet is fetched anew, as the leader has it now.
                partition.Seek(Math.Min(partition.Position, diverging.EndOffset));
            }
        });
        if (isLost)
        {
            LogTruncated(target.Partition.Name, target.FetchOffset, diverging.EndOffset, diverging.Epoch);
        }

        if (isLost && options.AutoOffsetReset == AutoOffsetReset.None)
        {
            Fail(target, ErrorCode.OffsetOutOfRange, $"the log was truncated; it agrees with what was read up to offset {diverging.EndOffset}");
        }
    }

    private bool Judge(FetchNode node, FetchTarget target, in PartitionData data, FetchResponse response, long nowMs)
    {
        NoteHint(target.Partition.Name, data, response);
        if (data.ErrorCode != ErrorCode.OffsetOutOfRange)
        {
            buffer.TryUpdate(target.Partition, target.Version, static partition => partition.NearReplica = -1);
            return Postpone(target, data.ErrorCode, nowMs);
        }

        if (target.Partition.NearReplica == node.BrokerId)
        {
            // A follower may be behind; the leader knows.
            buffer.TryUpdate(target.Partition, target.Version, static partition => partition.NearReplica = -1);
        }
        else if (buffer.HasUnread(target))
        {
            // What was read ahead is not consumed yet: whether there is anything to go on from is asked when it is.
            buffer.TryUpdate(target.Partition, target.Version, static partition => partition.Seek(partition.Position));
        }
        else if (options.AutoOffsetReset == AutoOffsetReset.None)
        {
            Fail(target, ErrorCode.OffsetOutOfRange, "not in the partition, and auto.offset.reset is none");
        }
        else
        {
            LogOutOfRange(target.Partition.Name, target.FetchOffset, options.AutoOffsetReset);
            buffer.TryUpdate(target.Partition, target.Version, static partition => partition.Seek(Offset.Unset));
        }

        return false;
    }

    private bool Postpone(FetchTarget target, ErrorCode error, long nowMs)
    {
        if (!error.IsRetriable())
        {
            Fail(target, error, $"the broker answered {error}");
            return false;
        }

        buffer.TryUpdate(target.Partition, target.Version, partition => partition.NotBeforeMs = nowMs + _pauseMs);
        return error.IsStaleMetadata();
    }

    private void Fail(FetchTarget target, ErrorCode error, string message) => buffer.Fail(
        target.Partition, target.Version, new ConsumeException(error, message, new TopicPartitionOffset(target.Partition.Name, target.FetchOffset)));

    private void NoteHint(TopicPartition partition, in PartitionData data, FetchResponse response)
    {
        if (data.CurrentLeader is { LeaderId: >= 0 } leader)
        {
            var endpoint = Array.Find(response.NodeEndpoints, node => node.NodeId == leader.LeaderId);
            var broker = endpoint is null ? null : new BrokerView(endpoint.NodeId, new BrokerEndpoint(endpoint.Host, endpoint.Port), endpoint.Rack);
            cluster.Learn([new LeaderHint(partition, leader.LeaderId, leader.LeaderEpoch, broker)]);
        }
    }

    [LoggerMessage(7110, LogLevel.Warning, "{Partition}: offset {Offset} is not there, reading goes on from the {Reset} one")]
    private partial void LogOutOfRange(TopicPartition partition, long offset, AutoOffsetReset reset);

    [LoggerMessage(7111, LogLevel.Warning, "{Partition}: the log was truncated below offset {Offset}; it agrees with what was read up to {EndOffset}, of epoch {Epoch}")]
    private partial void LogTruncated(TopicPartition partition, long offset, long endOffset, int epoch);
}
