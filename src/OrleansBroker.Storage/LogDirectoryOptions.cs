using Microsoft.Extensions.Logging;
using OrleansBroker.Protocol;
using OrleansBroker.Storage.Files;

namespace OrleansBroker.Storage;

/// <summary>What it takes to open a broker's data directory.</summary>
public sealed record LogDirectoryOptions
{
    public required IFileSystem Files { get; init; }

    /// <summary>Absolute; created where it does not exist.</summary>
    public required string Path { get; init; }

    public required BrokerId Broker { get; init; }

    /// <summary>Null takes the directory's, or a new one where it is new.</summary>
    public string? ClusterId { get; init; }

    public required long NowMs { get; init; }

    public required ILogger Logger { get; init; }

    /// <summary>What new ids are made of.</summary>
    public Random Random { get; init; } = new();

    /// <summary>num.recovery.threads.per.data.dir</summary>
    public int RecoveryThreads { get; init; } = Environment.ProcessorCount;

    /// <summary>
    /// Changes whenever the machine starts (Linux: <c>/proc/sys/kernel/random/boot_id</c>). Where it is the one of the last
    /// start, the page cache survived. Empty where it is not known.
    /// </summary>
    public required string BootId { get; init; }

    /// <summary>What the logs have until <see cref="LogDirectory.OpenLog"/> brings their topics' own.</summary>
    public LogConfig Config { get; init; } = LogConfig.Default;
}
