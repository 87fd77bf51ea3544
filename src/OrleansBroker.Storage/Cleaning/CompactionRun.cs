using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Records;
using OrleansBroker.Storage.Segments;

namespace OrleansBroker.Storage.Cleaning;

/// <summary>
/// One pass over one log: learn the last offset of each key of the dirty part, then write every segment below it anew
/// without the records that are superseded, group by group, each swapped in as soon as it is durable.
/// </summary>
internal sealed class CompactionRun : IDisposable
{
    private readonly PartitionLog _log;
    private readonly CleanableRange _range;
    private readonly LogCleanerOptions _options;
    private readonly IoThrottle _throttle;
    private readonly CancellationToken _cancellation;
    private readonly BatchScanner _scanner;
    private readonly BatchOpener _opener;
    private readonly BatchFilter _filter;
    private readonly PooledBuffer _output = new();

    public CompactionRun(PartitionLog log, CleanableRange range, LogCleanerOptions options, IoThrottle throttle, CancellationToken cancellation)
    {
        _log = log;
        _range = range;
        _options = options;
        _throttle = throttle;
        _cancellation = cancellation;
        _scanner = new BatchScanner(options.IoBufferBytes, throttle);
        _opener = new BatchOpener(options.DecompressedBatchBytesMax);
        _filter = new BatchFilter(_opener);
    }

    /// <summary>The offset up to which the log is clean now; null where the log changed under the run, which is then void.</summary>
    public long? Run(long nowMs, KeyHash hash)
    {
        var segments = _log.CurrentSegments;
        var end = Array.FindIndex(segments, segment => segment.BaseOffset == _range.FirstUncleanable);
        if (end <= 0)
        {
            return null;
        }

        using var map = new OffsetMap(_options.DedupeBufferBytes, _options.DedupeBufferLoadFactor, _range.FirstUncleanable - _range.FirstDirty, hash);
        var mapEnd = new OffsetMapBuilder(_scanner, _opener).Fill(map, segments, _range, _cancellation);
        var rules = new CompactionRules(map, mapEnd, nowMs, _log.Config.DeleteRetentionMs);
        var count = Math.Min(end, SegmentArray.Floor(segments, mapEnd - 1) + 1);
        foreach (var group in SegmentGroups.Of(segments.AsMemory(0, count + 1), _log.Config))
        {
            if (!TryCompact(segments, group, rules))
            {
                return null;
            }
        }

        return mapEnd;
    }

    public void Dispose()
    {
        _scanner.Dispose();
        _opener.Dispose();
        _filter.Dispose();
        _output.Dispose();
    }

    /// <summary>False where the log changed meanwhile.</summary>
    private bool TryCompact(Segment[] segments, Segment[] group, CompactionRules rules)
    {
        var cleaned = _log.CreateCleanedSegment(group[0].BaseOffset, rules.NowMs);
        var complete = false;
        try
        {
            complete = CopyAll(segments, group, cleaned, rules);
        }
        finally
        {
            if (!complete)
            {
                cleaned.Delete();
            }
        }

        return !complete || _log.ReplaceSegments([cleaned], group);
    }

    /// <summary>False where nothing was left out nor merged, so that the segment can stay as it is.</summary>
    private bool CopyAll(Segment[] segments, Segment[] group, Segment cleaned, CompactionRules rules)
    {
        var lastOffsets = _log.ActiveProducers().ToDictionary(producer => producer.Id, producer => producer.LastOffset);
        var changed = group.Length > 1;
        foreach (var segment in group)
        {
            _scanner.Start(segment, 0, segment.SizeBytes, segment.BaseOffset, SegmentArray.NextBaseOffset(segments, segment));
            changed |= Copy(segment, cleaned, rules, lastOffsets);
        }

        return changed;
    }

    /// <summary>Copies what stays of the segment that the scanner stands in; false where all did.</summary>
    private bool Copy(Segment source, Segment cleaned, CompactionRules rules, Dictionary<ProducerId, long> lastOffsets)
    {
        var changed = false;
        while (_scanner.TryNext(_cancellation, out var batch))
        {
            var keepEmpty = batch.NextOffset == _range.FirstUncleanable
                || (batch.ProducerId >= 0 && lastOffsets.TryGetValue(new ProducerId(batch.ProducerId), out var last) && last == batch.LastOffset);
            var outcome = Filter(source, batch, rules, keepEmpty);
            changed |= outcome != BatchOutcome.Unchanged;
            if (outcome == BatchOutcome.Unchanged)
            {
                _output.Write(batch.Bytes);
            }

            if (_output.Length >= _options.IoBufferBytes)
            {
                WriteOutput(cleaned);
            }
        }

        WriteOutput(cleaned);
        return changed;
    }

    private BatchOutcome Filter(Segment source, RecordBatchView batch, CompactionRules rules, bool keepEmpty)
    {
        try
        {
            return _filter.Apply(batch, rules, keepEmpty, _output);
        }
        catch (MalformedMessageException e)
        {
            throw BatchOpener.Corrupt(source, batch, e);
        }
    }

    private void WriteOutput(Segment cleaned)
    {
        if (_output.Length > 0)
        {
            cleaned.AppendEach(_output.Span, _log.Config);
            _throttle.Count(_output.Length, _cancellation);
            _output.Clear();
        }
    }
}
