using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace OrleansBroker.Client;

/// <summary>How a <see cref="KafkaClient"/> finds its cluster and talks to it. Kafka's name for each setting stands in its comment.</summary>
public sealed record ClientOptions
{
    /// <summary><c>bootstrap.servers</c>: <c>host:port</c>, several with commas between them, of which one that answers is enough.</summary>
    public required string BootstrapServers { get; init; }

    /// <summary><c>client.id</c>: what the brokers call this client in logs and quotas.</summary>
    public string ClientId { get; init; } = "orleansbroker-client";

    /// <summary><c>client.rack</c>: lets a broker name a nearer replica to read from (KIP-392); empty for none.</summary>
    public string ClientRack { get; init; } = string.Empty;

    /// <summary><c>request.timeout.ms</c>: how long a broker may take to answer before its connection is given up.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary><c>socket.connection.setup.timeout.ms</c>: how long connecting may take, the exchange of versions included.</summary>
    public TimeSpan ConnectionSetupTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary><c>reconnect.backoff.ms</c>: the pause before a broker is dialled again, doubled each time up to <see cref="ReconnectBackoffMax"/>.</summary>
    public TimeSpan ReconnectBackoff { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary><c>reconnect.backoff.max.ms</c>.</summary>
    public TimeSpan ReconnectBackoffMax { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary><c>retry.backoff.ms</c>: the pause before a request is tried again, doubled each time up to <see cref="RetryBackoffMax"/>.</summary>
    public TimeSpan RetryBackoff { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary><c>retry.backoff.max.ms</c>.</summary>
    public TimeSpan RetryBackoffMax { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary><c>default.api.timeout.ms</c>: how long an operation may take with all its retries, where the caller names no limit.</summary>
    public TimeSpan ApiTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary><c>metadata.max.age.ms</c>: after how long leaders and partitions are asked for again although nothing failed.</summary>
    public TimeSpan MetadataMaxAge { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary><c>metadata.max.idle.ms</c>: after how long a topic that nothing is produced to is not asked for any more.</summary>
    public TimeSpan MetadataMaxIdle { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary><c>receive.message.max.bytes</c>: the largest response that is read; a larger one closes its connection.</summary>
    public int ResponseBytesMax { get; init; } = 128 << 20;

    public TimeProvider Clock { get; init; } = TimeProvider.System;

    public ILoggerFactory Loggers { get; init; } = NullLoggerFactory.Instance;
}
