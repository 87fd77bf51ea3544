using System.Globalization;
using OrleansBroker.Protocol;

namespace OrleansBroker.Storage;

/// <summary>
/// What the files of a data directory are called, as Kafka calls them.
/// <code>
///  data directory        .lock  meta.properties  .kafka_cleanshutdown  .boot_id  .broker_epoch  recovery-point-offset-checkpoint
///                        replication-offset-checkpoint  log-start-offset-checkpoint  cleaner-offset-checkpoint
///  {topic}-{partition}/  {base offset, 20 digits}.log .index .timeindex .snapshot (.txnindex)
///                        leader-epoch-checkpoint  partition.metadata
///  suffixes              .cleaned (being compacted)  .swap (compacted, takes the place of others)  .deleted (waits to be removed)
///  {topic}-{partition}.{32 hex digits}-delete/       a deleted partition that waits to be removed
/// </code>
/// </summary>
public static class LogFileNames
{
    public const string Log = ".log";
    public const string OffsetIndex = ".index";
    public const string TimeIndex = ".timeindex";

    /// <summary>Aborted transactions of a segment; written once there are transactions.</summary>
    public const string TransactionIndex = ".txnindex";
    public const string ProducerSnapshot = ".snapshot";
    public const string Cleaned = ".cleaned";
    public const string Swap = ".swap";
    public const string Deleted = ".deleted";
    public const string Temporary = ".tmp";
    public const string DeletedDirectory = "-delete";
    public const string PartitionMetadata = "partition.metadata";
    public const string LeaderEpochCheckpoint = "leader-epoch-checkpoint";
    public const string Lock = ".lock";
    public const string MetaProperties = "meta.properties";
    public const string CleanShutdown = ".kafka_cleanshutdown";
    public const string BootId = ".boot_id";
    public const string BrokerEpoch = ".broker_epoch";
    public const string RecoveryPointCheckpoint = "recovery-point-offset-checkpoint";
    public const string HighWatermarkCheckpoint = "replication-offset-checkpoint";
    public const string LogStartOffsetCheckpoint = "log-start-offset-checkpoint";
    public const string CleanerCheckpoint = "cleaner-offset-checkpoint";

    private const int OffsetDigits = 20;

    /// <summary>The most that a file name may have, by common file systems.</summary>
    private const int NameBytesMax = 255;

    public static string ForOffset(long offset, string suffix) => offset.ToString("D20", CultureInfo.InvariantCulture) + suffix;

    public static string ForOffset(string directory, long offset, string suffix) => $"{directory}/{ForOffset(offset, suffix)}";

    /// <summary>The offset a file is named by, and what follows it.</summary>
    public static bool TryParseOffset(string name, out long offset, out string suffix)
    {
        offset = 0;
        suffix = name.Length > OffsetDigits ? name[OffsetDigits..] : "";
        return suffix.StartsWith('.') && long.TryParse(name.AsSpan(0, OffsetDigits), NumberStyles.None, CultureInfo.InvariantCulture, out offset);
    }

    public static bool TryParsePartition(string directoryName, out TopicPartition partition)
    {
        var dash = directoryName.LastIndexOf('-');
        if (dash > 0 && int.TryParse(directoryName.AsSpan(dash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var number))
        {
            partition = new TopicPartition(directoryName[..dash], number);
            return true;
        }

        partition = default;
        return false;
    }

    /// <summary>Where a deleted partition's directory goes; long topic names are cut.</summary>
    public static string ForDeletedPartition(TopicPartition partition, Guid unique)
    {
        var suffix = $"-{partition.Partition}.{unique:N}{DeletedDirectory}";
        return string.Concat(partition.Topic.AsSpan(0, Math.Min(partition.Topic.Length, NameBytesMax - suffix.Length)), suffix);
    }
}
