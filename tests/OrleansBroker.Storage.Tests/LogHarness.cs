using System.Text;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Records;
using OrleansBroker.Simulation;
using OrleansBroker.Storage.Cleaning;
using OrleansBroker.Storage.Tests.Recovery;

namespace OrleansBroker.Storage.Tests;

/// <summary>One partition's log on a simulated disk, with records as text.</summary>
internal sealed class LogHarness
{
    public const string DataPath = "/data";
    public const string LogPath = "/data/orders-0";
    public const long StartMs = 1_700_000_000_000;

    public static readonly TopicPartition Orders = new("orders", 0);
    public static readonly Guid TopicId = new("00000000-0000-0000-0000-0000000000aa");

    private LogHarness(SimulatedDisk disk, LogConfig config, long nowMs, ILogger logger, string bootId)
    {
        Disk = disk;
        NowMs = nowMs;
        Logger = logger;
        Directory = LogDirectory.Open(new LogDirectoryOptions
        {
            Files = disk, Path = DataPath, Broker = new BrokerId(0), NowMs = nowMs, Logger = logger, BootId = bootId, RecoveryThreads = 1,
            Config = config,
        });
        Log = Directory.OpenLog(Orders, TopicId, config);
        Directory.MarkRunning();
    }

    /// <summary>Small segments, all of which may be compacted.</summary>
    public static LogConfig Compacted { get; } = new()
    {
        Compact = true, Delete = false, SegmentBytes = 2048, SegmentIndexBytes = 512, IndexIntervalBytes = 256, MinCleanableDirtyRatio = 0,
    };

    public SimulatedDisk Disk { get; }

    public ILogger Logger { get; }

    public LogDirectory Directory { get; }

    public PartitionLog Log { get; }

    public long NowMs { get; set; }

    /// <summary>Keeps the books of what is appended.</summary>
    public Ledger Ledger { get; set; } = new();

    /// <summary>A path of the log's segment with this base offset.</summary>
    public static string Segment(long baseOffset, string suffix = LogFileNames.Log) => LogFileNames.ForOffset(LogPath, baseOffset, suffix);

    /// <param name="bootId">Another one than the last time is a machine that was started again.</param>
    public static LogHarness Open(SimulatedDisk disk, LogConfig? config = null, long nowMs = StartMs, ILogger? logger = null, string bootId = "boot-1") =>
        new(disk, config ?? Compacted, nowMs, logger ?? NullLogger.Instance, bootId);

    /// <summary>Appends one batch; the time goes on by a millisecond.</summary>
    public AppendResult Append(CompressionCodec codec, params (string? Key, string? Value)[] records) =>
        Append(new RecordBatchBuilder(codec), records);

    public AppendResult Append(params (string? Key, string? Value)[] records) => Append(CompressionCodec.None, records);

    public AppendResult AppendAs(long producerId, int sequence, params (string? Key, string? Value)[] records) =>
        Append(new RecordBatchBuilder { ProducerId = producerId, ProducerEpoch = 0, BaseSequence = sequence }, records);

    /// <summary>Makes all but what is there a segment that may be cleaned, by filling the active one.</summary>
    public void Roll()
    {
        var segments = Log.SegmentCount;
        while (Log.SegmentCount == segments)
        {
            Assert.Equal(ErrorCode.None, Append(("filler", new string('f', 700))).Error);
        }
    }

    public bool Clean(LogCleanerOptions? options = null) =>
        new LogCleaner(Directory, options ?? new LogCleanerOptions(), Logger).CleanOne(NowMs, CancellationToken.None);

    /// <summary>Every record from an offset on, as "offset:key=value", read a few bytes at a time.</summary>
    public List<string> Records(long? from = null)
    {
        var records = new List<string>();
        var offset = from ?? Log.LogStartOffset;
        while (offset < Log.LogEndOffset)
        {
            var read = Log.Read(offset, 1, Log.LogEndOffset, atLeastOneBatch: true);
            Assert.Equal(ErrorCode.None, read.Error);
            var bytes = new byte[read.Records.Length];
            read.Records.CopyTo(bytes);
            if (bytes.Length == 0)
            {
                break;
            }

            var next = Decode(bytes, offset, records);
            Assert.True(next > offset, $"reading at {offset} went on at {next}");
            offset = next;
        }

        return records;
    }

    /// <summary>The last value of each key; a tombstone counts as no value.</summary>
    public Dictionary<string, string> Latest()
    {
        var latest = new Dictionary<string, string>();
        foreach (var record in Records())
        {
            var text = record[(record.IndexOf(':') + 1)..];
            var (key, value) = (text[..text.IndexOf('=')], text[(text.IndexOf('=') + 1)..]);
            if (value == "<null>")
            {
                latest.Remove(key);
            }
            else
            {
                latest[key] = value;
            }
        }

        return latest;
    }

    private AppendResult Append(RecordBatchBuilder builder, (string? Key, string? Value)[] records)
    {
        using (builder)
        {
            NowMs++;
            foreach (var (key, value) in records)
            {
                builder.Append(NowMs, Bytes(key), Bytes(value));
            }

            var texts = records.Select((record, i) => $"{Log.LogEndOffset + i}:{record.Key}={record.Value ?? "<null>"}").ToList();
            Ledger.Attempted.AddRange(texts);
            var epoch = new LeaderEpoch(Math.Max(Log.Epochs.Latest.Value, 0));
            var result = Log.Append(builder.Build().Span, new AppendOptions(epoch, NowMs));
            if (result.Error == ErrorCode.None)
            {
                Ledger.Acknowledged.AddRange(texts);
                Log.AdvanceHighWatermark(Log.LogEndOffset);
            }

            return result;
        }
    }

    /// <summary>Adds the records from an offset on; returns the offset after the last batch.</summary>
    public static long Decode(ReadOnlySpan<byte> bytes, long from, List<string> records)
    {
        using var scratch = new PooledBuffer();
        var next = from;
        while (RecordBatchView.TryParse(bytes, out var batch) == RecordBatchProblem.None)
        {
            Assert.True(batch.IsCrcValid());
            var reader = RecordReader.Open(batch, scratch, 1 << 20);
            while (reader.TryRead(out var record))
            {
                if (batch.BaseOffset + record.OffsetDelta >= from)
                {
                    records.Add($"{batch.BaseOffset + record.OffsetDelta}:{Encoding.UTF8.GetString(record.Key)}={(record.HasValue ? Encoding.UTF8.GetString(record.Value) : "<null>")}");
                }
            }

            next = batch.NextOffset;
            bytes = bytes[batch.SizeBytes..];
        }

        Assert.True(bytes.IsEmpty, "a read ended inside a batch");
        return next;
    }

    private static byte[]? Bytes(string? text) => text is null ? null : Encoding.UTF8.GetBytes(text);
}
