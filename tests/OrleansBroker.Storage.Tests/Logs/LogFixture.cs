using System.Text;
using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Records;
using OrleansBroker.Storage.Files;

namespace OrleansBroker.Storage.Tests.Logs;

/// <summary>A data directory with one log, on the real disk unless another is given; may be stopped in several ways and opened again.</summary>
internal sealed class LogFixture : IDisposable
{
    public const long NowMs = 1_700_000_000_000;

    public static readonly TopicPartition Orders = new("orders", 0);
    public static readonly Guid TopicId = new("9d1c1b10-3c2a-4f53-9a3d-0a4f5b1f2c3d");

    private readonly bool _ownsPath;

    public LogFixture(LogConfig? config = null, IFileSystem? files = null)
    {
        Files = files ?? LocalFileSystem.Instance;
        _ownsPath = files is null;
        Path = files is null ? System.IO.Directory.CreateTempSubdirectory("orleansbroker-log-").FullName : "/data";
        Config = config ?? LogConfig.Default;
        Open();
    }

    public IFileSystem Files { get; }

    public string Path { get; }

    public LogConfig Config { get; set; }

    public string BootId { get; set; } = "boot-1";

    public LinesLogger Logger { get; } = new();

    public LogDirectory Directory { get; private set; } = null!;

    public PartitionLog Log { get; private set; } = null!;

    public string LogPath => $"{Path}/{Orders}";

    /// <summary>One batch of that many records, each with a key and a timestamp of its own.</summary>
    public static byte[] Batch(
        int records = 1,
        long timestampMs = NowMs,
        CompressionCodec codec = CompressionCodec.None,
        long producerId = -1,
        short producerEpoch = 0,
        int sequence = -1,
        int valueBytes = 10,
        bool keys = true)
    {
        using var builder = new RecordBatchBuilder(codec)
        {
            ProducerId = producerId,
            ProducerEpoch = producerId < 0 ? (short)-1 : producerEpoch,
            BaseSequence = sequence,
        };
        for (var i = 0; i < records; i++)
        {
            builder.Append(timestampMs + i, keys ? Encoding.UTF8.GetBytes($"key-{timestampMs + i}") : null, new byte[valueBytes]);
        }

        return builder.Build().ToArray();
    }

    public AppendResult Append(byte[] batch, AppendOrigin origin = AppendOrigin.Client, int epoch = 0, long nowMs = NowMs)
    {
        var result = Log.Append(batch, new AppendOptions(new LeaderEpoch(epoch), nowMs, origin));
        Log.AdvanceHighWatermark(Log.LogEndOffset);
        return result;
    }

    public AppendResult Append(int records = 1, long timestampMs = NowMs, int valueBytes = 10) =>
        Append(Batch(records, timestampMs, valueBytes: valueBytes), nowMs: timestampMs);

    public AppendResult AppendAs(long producerId, int sequence, short epoch = 0, int records = 1) =>
        Append(Batch(records, producerId: producerId, producerEpoch: epoch, sequence: sequence));

    /// <summary>The base offsets of the batches that a read answers.</summary>
    public List<long> Read(long offset, int bytesMax = int.MaxValue, long limit = long.MaxValue, bool atLeastOneBatch = true)
    {
        var read = Log.Read(offset, bytesMax, limit, atLeastOneBatch);
        Assert.Equal(ErrorCode.None, read.Error);
        var bytes = new byte[read.Records.Length];
        read.Records.CopyTo(bytes);
        var bases = new List<long>();
        for (var rest = bytes.AsSpan(); rest.Length > 0;)
        {
            Assert.Equal(RecordBatchProblem.None, RecordBatchView.TryParse(rest, out var batch));
            Assert.True(batch.IsCrcValid());
            bases.Add(batch.BaseOffset);
            rest = rest[batch.SizeBytes..];
        }

        return bases;
    }

    /// <summary>Reads on until the end, a few bytes at a time, and answers the base offsets of all batches.</summary>
    public List<long> ReadAll(int bytesMax = 1)
    {
        var all = new List<long>();
        var offset = Log.LogStartOffset;
        while (offset < Log.LogEndOffset)
        {
            var bases = Read(offset, bytesMax);
            Assert.NotEmpty(bases);
            all.AddRange(bases);
            offset = NextOffset(bases[^1]);
        }

        return all;
    }

    public void Open()
    {
        OpenOnly();
        Directory.MarkRunning();
    }

    /// <summary>As far as a broker is before it serves.</summary>
    public void OpenOnly()
    {
        Directory = LogDirectory.Open(new LogDirectoryOptions
        {
            Files = Files, Path = Path, Broker = new BrokerId(7), NowMs = NowMs, Logger = Logger, BootId = BootId, Config = Config, RecoveryThreads = 1,
        });
        Log = Directory.OpenLog(Orders, TopicId, Config);
    }

    public void RestartCleanly()
    {
        Directory.CloseCleanly(NowMs);
        Open();
    }

    /// <summary>As <c>kill -9</c> does: nothing is flushed, closed or marked.</summary>
    public void RestartAfterKill()
    {
        Directory.WriteCheckpoints();
        Directory.Dispose();
        Open();
    }

    /// <summary>Another boot id: the machine started again, and all that was not flushed is in doubt.</summary>
    public void RestartAfterPowerLoss()
    {
        BootId += "+";
        RestartAfterKill();
    }

    public string[] FileNames() => [.. Files.ListFiles(LogPath).Order(StringComparer.Ordinal)];

    public void Dispose()
    {
        Directory.Dispose();
        if (_ownsPath)
        {
            System.IO.Directory.Delete(Path, recursive: true);
        }
    }

    private long NextOffset(long baseOffset)
    {
        var bytes = new byte[RecordBatchFormat.HeaderBytes];
        var read = Log.Read(baseOffset, 1, long.MaxValue, atLeastOneBatch: true).Records;
        read.Source!.Read(read.Position, bytes);
        return new RecordBatchView(bytes).NextOffset;
    }
}
