using Microsoft.Extensions.Logging;
using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Records;

namespace OrleansBroker.Client.Producing;

/// <summary>
/// Records of one partition that are sent together, and who is to be told about each. It is filled under its partition's lock;
/// from then on it is the sender's alone.
/// </summary>
internal sealed partial class ProducerBatch(CompressionCodec codec, int? level, ILogger log) : IDisposable
{
    private readonly RecordBatchBuilder _builder = new(codec, level);
    private readonly List<FlushPhase> _phases = [];
    private (object Completion, long TimestampMs)[] _receipts = new (object, long)[16];
    private ReadOnlyMemory<byte>? _encoded;

    public PartitionQueue Partition { get; private set; } = null!;

    /// <summary>When its first record came, by <see cref="Connections.ClockExtensions.MonotonicMs"/>.</summary>
    public long CreatedMs { get; private set; }

    /// <summary>When it is given up.</summary>
    public long DeadlineMs { get; private set; }

    public int Count => _builder.Count;

    /// <summary>Before compression.</summary>
    public int SizeBytes => _builder.SizeBytes;

    /// <summary>What it holds of <c>buffer.memory</c>.</summary>
    public int ReservedBytes { get; private set; }

    public ProducerIdentity Identity { get; private set; }

    /// <summary>-1 until it is first sent by an idempotent producer.</summary>
    public int BaseSequence { get; private set; }

    /// <summary>The sequence number of the batch that follows; after <see cref="int.MaxValue"/> comes 0.</summary>
    public int NextSequence => (int)(((long)BaseSequence + Count) & int.MaxValue);

    public bool HasSequence => BaseSequence >= 0;

    /// <summary>Its place among the partition's batches, which it keeps however often it is sent; -1 until it is.</summary>
    public long SentOrder { get; private set; }

    /// <summary>Where a part of a batch that was split began in the whole.</summary>
    private int SplitAt { get; set; }

    /// <summary>How often it was sent.</summary>
    public int Attempts { get; set; }

    public ErrorCode LastError { get; set; }

    /// <summary>Whether it may have been appended although nobody said so.</summary>
    public bool IsOutcomeUnknown { get; set; }

    /// <summary>Whether those who produced its records have been told.</summary>
    public bool IsReported { get; private set; }

    public void Start(PartitionQueue partition, long nowMs, long deadlineMs)
    {
        Partition = partition;
        CreatedMs = nowMs;
        DeadlineMs = deadlineMs;
        BaseSequence = -1;
        SentOrder = -1;
        SplitAt = 0;
        Identity = ProducerIdentity.None;
    }

    /// <summary>Forgets everything but its buffers.</summary>
    public void Clear()
    {
        Array.Clear(_receipts, 0, Count);
        _builder.Clear();
        _phases.Clear();
        _encoded = null;
        ReservedBytes = 0;
        Attempts = 0;
        LastError = ErrorCode.None;
        IsOutcomeUnknown = false;
        IsReported = false;
        Partition = null!;
    }

    /// <summary>Gives the buffers back for good.</summary>
    public void Dispose() => _builder.Dispose();

    public void Append(in RecordToAppend record)
    {
        _builder.Append(record.TimestampMs, record.Key, record.Value, record.Headers.Span);
        NoteReceipt(record.Completion, record.TimestampMs, record.SizeBytes);
    }

    /// <summary>Gives the batch its place, before it is first sent.</summary>
    public void Place(long sentOrder) => SentOrder = sentOrder;

    /// <summary>Whether its records come before those of another batch of the partition.</summary>
    public bool IsBefore(ProducerBatch other) =>
        SentOrder < other.SentOrder || (SentOrder == other.SentOrder && SplitAt < other.SplitAt);

    /// <summary>Passes an entry in a phase to the batch, which leaves it when everyone is told.</summary>
    public void Join(FlushPhase phase) => _phases.Add(phase);

    /// <summary>Signs the batch anew; what was encoded before does not count any more.</summary>
    public void Sign(ProducerIdentity identity, int baseSequence)
    {
        Identity = identity;
        BaseSequence = baseSequence;
        _encoded = null;
    }

    /// <summary>The batch as it is sent, valid until it is signed anew or cleared.</summary>
    public ReadOnlyMemory<byte> Encode()
    {
        if (_encoded is null)
        {
            _builder.ProducerId = Identity.Id;
            _builder.ProducerEpoch = Identity.Epoch;
            _builder.BaseSequence = BaseSequence;
            _encoded = _builder.Build();
        }

        return _encoded.Value;
    }

    /// <summary>Tells everyone that their records are in the partition.</summary>
    /// <param name="baseOffset">-1 where it is not known.</param>
    /// <param name="logAppendTimeMs">-1 where the records kept their own timestamps.</param>
    public void Succeed(long baseOffset, long logAppendTimeMs, PersistenceStatus status)
    {
        IsReported = true;
        var partition = Partition.Name;
        for (var i = 0; i < Count; i++)
        {
            var (completion, timestampMs) = _receipts[i];
            var result = new DeliveryResult(partition, baseOffset < 0 ? -1 : baseOffset + i, logAppendTimeMs < 0 ? timestampMs : logAppendTimeMs, status);
            if (completion is DeliverySource source)
            {
                source.Succeed(result);
            }
            else
            {
                Call((Action<DeliveryReport>)completion, new DeliveryReport(result, null));
            }
        }

        LeavePhases();
    }

    /// <summary>Tells everyone that their records are not, or may not be, in the partition.</summary>
    /// <param name="bad">Which records the broker objected to, by their place in the batch, and why; null for all.</param>
    public void Fail(ErrorCode error, string message, IReadOnlyDictionary<int, string?>? bad = null)
    {
        IsReported = true;
        var status = IsOutcomeUnknown ? PersistenceStatus.PossiblyPersisted : PersistenceStatus.NotPersisted;
        for (var i = 0; i < Count; i++)
        {
            var (completion, timestampMs) = _receipts[i];
            var reason = bad is null ? message
                : bad.TryGetValue(i, out var own) ? own ?? message
                : $"another record of its batch was refused: {message}";
            var exception = new ProduceException(error, reason, Partition.Name, status);
            if (completion is DeliverySource source)
            {
                source.Fail(exception);
            }
            else
            {
                Call((Action<DeliveryReport>)completion, new DeliveryReport(new DeliveryResult(Partition.Name, -1, timestampMs, status), exception));
            }
        }

        LeavePhases();
    }

    /// <summary>Moves the records, in order, into batches of which each takes about half of this one.</summary>
    public void SplitInto(ProducerBatch first, ProducerBatch second)
    {
        if (RecordBatchView.TryParse(Encode().Span, out var view) is var problem and not RecordBatchProblem.None)
        {
            throw new InvalidOperationException($"a batch of this producer is {problem}");
        }

        using var scratch = new PooledBuffer();
        var reader = RecordReader.Open(view, scratch, int.MaxValue);
        var target = first;
        var recordBytes = ReservedBytes / Count;
        for (var i = 0; reader.TryRead(out var record); i++)
        {
            if (i == (Count + 1) / 2)
            {
                target = second;
            }

            var (completion, timestampMs) = _receipts[i];
            target._builder.Append(target.Count, timestampMs, record);
            target.NoteReceipt(completion, timestampMs, i == 0 ? ReservedBytes - (recordBytes * (Count - 1)) : recordBytes);
        }

        (first.SentOrder, first.SplitAt) = (SentOrder, SplitAt);
        (second.SentOrder, second.SplitAt) = (SentOrder, SplitAt + first.Count);

        // A phase that somebody is in can be entered.
        foreach (var phase in _phases)
        {
            first.Join(phase);
            phase.TryEnter();
            second.Join(phase);
        }

        _phases.Clear();
    }

    private void NoteReceipt(object completion, long timestampMs, int reservedBytes)
    {
        // The builder has counted the record already.
        if (Count > _receipts.Length)
        {
            Array.Resize(ref _receipts, _receipts.Length * 2);
        }

        _receipts[Count - 1] = (completion, timestampMs);
        ReservedBytes += reservedBytes;
    }

    private void LeavePhases()
    {
        foreach (var phase in _phases)
        {
            phase.Leave();
        }

        _phases.Clear();
    }

    private void Call(Action<DeliveryReport> handler, in DeliveryReport report)
    {
        try
        {
            handler(report);
        }
#pragma warning disable CA1031 // Another's code: what it throws must not keep others from being told.
        catch (Exception e)
#pragma warning restore CA1031
        {
            DeliveryHandlerFailed(log, e, Partition.Name);
        }
    }

    [LoggerMessage(7050, LogLevel.Error, "a delivery handler threw for {Partition}")]
    private static partial void DeliveryHandlerFailed(ILogger log, Exception exception, TopicPartition partition);
}
