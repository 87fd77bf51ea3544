using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging;
using OrleansBroker.Client.Connections;
using OrleansBroker.Client.Metadata;
using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Messages;
using PartitionProduceResponse = OrleansBroker.Protocol.Messages.ProduceResponse.PartitionProduceResponse;

namespace OrleansBroker.Client.Producing;

/// <summary>
/// Decides what becomes of a batch that was sent, by the broker's answer or the want of one:
/// <code>
///  answer                                    batch                       partition
///  none, duplicate sequence                  delivered
///  retriable, or the connection failed       sent again, after a pause   nothing else is sent before
///  out of order sequence: behind a batch
///    that is still to be sent                sent again                  as above
///  out of order sequence: nothing before it,
///    unknown producer id                     sent again, signed anew     sequences begin anew
///  invalid producer epoch                    sent again, signed anew     sequences begin anew, under a new id
///  too large, with several records           sent again in two halves
///  anything else                             its records are refused     sequences begin anew, the gap being final
/// </code>
/// A batch whose delivery timeout has passed is reported and never sent again; where it has left a gap in the sequence, the
/// answer to the one behind it will say so. The sender's alone.
/// </summary>
internal sealed partial class BatchVerdicts(
    Cluster cluster,
    ProducerOptions options,
    RecordAccumulator accumulator,
    BatchPool batches,
    ProducerIdentitySource identity,
    ILogger log)
{
    private readonly Backoff _backoff = new(cluster.Options.RetryBackoff, cluster.Options.RetryBackoffMax);
    private readonly List<LeaderHint> _hints = [];
    private PartitionProduceResponse[] _parts = [];

    /// <summary>Whether a batch gave its room back since this was last said not to be so.</summary>
    public bool HasFreedRoom { get; set; }

    /// <returns>Whether the cluster is to be asked who leads.</returns>
    public bool Take(ProduceInFlight answer, long nowMs)
    {
        if (answer.Response is { } response)
        {
            if (_parts.Length < answer.Batches.Count)
            {
                _parts = new PartitionProduceResponse[answer.Batches.Count];
            }

            if (answer.Request is { } request && ProduceRequests.TryMatch(answer.Batches, request, response, _parts))
            {
                return Take(answer, response, nowMs);
            }

            answer.Failure = new KafkaException(ErrorCode.NetworkException, "an answer to another request");
        }

        if (answer.Failure is null)
        {
            foreach (var batch in answer.Batches)
            {
                Leave(batch);
                Succeed(batch, -1, -1, PersistenceStatus.PossiblyPersisted);
            }

            return false;
        }

        foreach (var batch in answer.Batches)
        {
            Leave(batch);
            batch.IsOutcomeUnknown |= answer.WasSent;
            Retry(batch, answer.Failure.Error, nowMs);
        }

        ProduceFailed(answer.Node.BrokerId, answer.Failure.Message);
        return true;
    }

    /// <summary>Gives up what is too late, and tells its callers. What is in flight is told as well, and forgotten when its answer comes.</summary>
    /// <returns>When the next one will be.</returns>
    public long Expire(PartitionQueue partition, long nowMs)
    {
        var nextMs = long.MaxValue;
        foreach (var batch in partition.InFlight)
        {
            if (!batch.IsReported && batch.DeadlineMs <= nowMs)
            {
                batch.IsOutcomeUnknown = true;
                TellTooLate(batch);
            }

            nextMs = batch.IsReported ? nextMs : Math.Min(nextMs, batch.DeadlineMs);
        }

        while (partition.Retries.Find(batch => batch.DeadlineMs <= nowMs) is { } late)
        {
            partition.Retries.Remove(late);
            TellTooLate(late);
            Finish(late);
        }

        while (partition.Peek(out _) is { } head && head.DeadlineMs <= nowMs)
        {
            partition.Take();
            TellTooLate(head);
            Finish(head);
        }

        nextMs = Math.Min(nextMs, partition.Retries.Count > 0 ? partition.Retries.Min(batch => batch.DeadlineMs) : long.MaxValue);
        return Math.Min(nextMs, partition.Peek(out _)?.DeadlineMs ?? long.MaxValue);
    }

    /// <summary>Tells the callers of everything that the partition has.</summary>
    public void GiveUp(PartitionQueue partition, KafkaException reason)
    {
        foreach (var batch in partition.InFlight.Where(batch => !batch.IsReported))
        {
            batch.IsOutcomeUnknown = true;
            batch.Fail(reason.Error, reason.Message);
        }

        foreach (var batch in partition.Retries)
        {
            batch.Fail(reason.Error, reason.Message);
            Finish(batch);
        }

        partition.Retries.Clear();
        while (partition.Peek(out _) is { } batch)
        {
            partition.Take();
            batch.Fail(reason.Error, reason.Message);
            Finish(batch);
        }
    }

    private bool Take(ProduceInFlight answer, ProduceResponse response, long nowMs)
    {
        var needsMetadata = false;
        for (var i = 0; i < answer.Batches.Count; i++)
        {
            var batch = answer.Batches[i];
            ref var part = ref _parts[i];
            Leave(batch);
            if (part.ErrorCode is ErrorCode.None or ErrorCode.DuplicateSequenceNumber)
            {
                batch.Partition.Failures = 0;
                batch.Partition.IsSequenceKnown |= batch.HasSequence && batch.Identity == batch.Partition.Identity;
                Succeed(batch, part.ErrorCode == ErrorCode.None ? part.BaseOffset : -1, part.LogAppendTimeMs, PersistenceStatus.Persisted);
            }
            else
            {
                needsMetadata |= part.ErrorCode.IsStaleMetadata();
                NoteHint(batch.Partition.Name, part, response);
                Judge(batch, part, nowMs);
            }

            part = default;
        }

        if (_hints.Count > 0)
        {
            cluster.Learn(CollectionsMarshal.AsSpan(_hints));
            _hints.Clear();
        }

        return needsMetadata;
    }

    private void Judge(ProducerBatch batch, in PartitionProduceResponse part, long nowMs)
    {
        var error = part.ErrorCode;
        var partition = batch.Partition;
        BatchRefused(partition.Name, batch.BaseSequence, error);
        batch.IsOutcomeUnknown |= error is ErrorCode.RequestTimedOut or ErrorCode.NotEnoughReplicasAfterAppend or ErrorCode.KafkaStorageError or ErrorCode.UnknownServerError;
        if (batch.HasSequence && error is ErrorCode.OutOfOrderSequenceNumber or ErrorCode.UnknownProducerId or ErrorCode.InvalidProducerEpoch)
        {
            // Had an earlier attempt been appended, the broker would have known it again.
            batch.IsOutcomeUnknown = false;
            JudgeSequence(batch, error, nowMs);
        }
        else if (error is ErrorCode.MessageTooLarge or ErrorCode.RecordListTooLarge && batch.Count > 1 && !batch.IsReported)
        {
            Split(batch);
        }
        else if (error.IsRetriable())
        {
            Retry(batch, error, nowMs);
        }
        else
        {
            Refuse(batch, part);
        }
    }

    private void JudgeSequence(ProducerBatch batch, ErrorCode error, long nowMs)
    {
        var partition = batch.Partition;
        var isFirst = !partition.InFlight.Concat(partition.Retries).Any(other => other.IsBefore(batch));
        if (error == ErrorCode.OutOfOrderSequenceNumber && !isFirst)
        {
            Return(batch);
            return;
        }

        partition.NeedsNewSequence = true;
        if (error == ErrorCode.InvalidProducerEpoch && identity.Current.Id == batch.Identity.Id)
        {
            identity.Forget();
        }

        Retry(batch, error, nowMs);
    }

    private void Retry(ProducerBatch batch, ErrorCode error, long nowMs)
    {
        var partition = batch.Partition;
        if (batch.IsReported)
        {
            Finish(batch);
            return;
        }

        // Those that fail together count once.
        if (partition.NotBeforeMs <= nowMs)
        {
            partition.Failures++;
            partition.NotBeforeMs = nowMs + (long)_backoff.After(partition.Failures).TotalMilliseconds;
        }

        batch.LastError = error;
        Return(batch);
    }

    private void Return(ProducerBatch batch)
    {
        if (batch.IsReported)
        {
            Finish(batch);
        }
        else
        {
            batch.Partition.Retry(batch);
        }
    }

    /// <summary>The halves take the place of the whole, and its sequence numbers.</summary>
    private void Split(ProducerBatch batch)
    {
        var partition = batch.Partition;
        var (first, second) = (batches.Rent(), batches.Rent());
        foreach (var half in (ReadOnlySpan<ProducerBatch>)[first, second])
        {
            half.Start(partition, batch.CreatedMs, batch.DeadlineMs);
        }

        batch.SplitInto(first, second);
        var sequence = batch.BaseSequence;
        foreach (var half in (ReadOnlySpan<ProducerBatch>)[first, second])
        {
            half.IsOutcomeUnknown = batch.IsOutcomeUnknown;
            if (batch.HasSequence)
            {
                half.Sign(batch.Identity, sequence);
                sequence = half.NextSequence;
            }

            partition.Retry(half);
        }

        BatchSplit(partition.Name, batch.Count, batch.SizeBytes);
        batches.Return(batch);
    }

    private void Refuse(ProducerBatch batch, in PartitionProduceResponse part)
    {
        // What comes after it has its sequence numbers counted from this one.
        batch.Partition.NeedsNewSequence |= batch.HasSequence;
        if (!batch.IsReported)
        {
            var bad = part.RecordErrors.Length == 0 ? null : part.RecordErrors.ToDictionary(record => record.BatchIndex, record => record.BatchIndexErrorMessage);
            batch.Fail(part.ErrorCode, part.ErrorMessage ?? $"the broker answered {part.ErrorCode}", bad);
        }

        Finish(batch);
    }

    private void Succeed(ProducerBatch batch, long baseOffset, long logAppendTimeMs, PersistenceStatus status)
    {
        if (!batch.IsReported)
        {
            batch.Succeed(baseOffset, logAppendTimeMs, status);
        }

        Finish(batch);
    }

    private void TellTooLate(ProducerBatch batch)
    {
        var last = batch.LastError == ErrorCode.None ? string.Empty : $", the last answer being {batch.LastError}";
        batch.Fail(ErrorCode.RequestTimedOut, $"not delivered within {options.DeliveryTimeout} after {batch.Attempts} attempts{last}");
    }

    private void Finish(ProducerBatch batch)
    {
        accumulator.Budget.Release(batch.ReservedBytes);
        HasFreedRoom = true;
        batches.Return(batch);
    }

    private static void Leave(ProducerBatch batch) => batch.Partition.InFlight.Remove(batch);

    private void NoteHint(TopicPartition partition, in PartitionProduceResponse part, ProduceResponse response)
    {
        if (part.CurrentLeader is { LeaderId: >= 0 } leader)
        {
            var endpoint = Array.Find(response.NodeEndpoints, node => node.NodeId == leader.LeaderId);
            var broker = endpoint is null ? null : new BrokerView(endpoint.NodeId, new BrokerEndpoint(endpoint.Host, endpoint.Port), endpoint.Rack);
            _hints.Add(new LeaderHint(partition, leader.LeaderId, leader.LeaderEpoch, broker));
        }
    }

    [LoggerMessage(7030, LogLevel.Information, "a produce request to broker {Broker} failed: {Reason}")]
    private partial void ProduceFailed(int broker, string reason);

    [LoggerMessage(7031, LogLevel.Debug, "{Partition}: the batch with sequence {BaseSequence} was answered {Error}")]
    private partial void BatchRefused(TopicPartition partition, int baseSequence, ErrorCode error);

    [LoggerMessage(7032, LogLevel.Warning, "{Partition}: a batch of {Count} records and {Bytes} bytes was too large for the broker, and is sent in halves")]
    private partial void BatchSplit(TopicPartition partition, int count, int bytes);
}
