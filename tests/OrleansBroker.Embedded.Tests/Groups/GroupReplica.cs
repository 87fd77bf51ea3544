using Microsoft.Extensions.Logging.Abstractions;
using OrleansBroker.Core.Configuration;
using OrleansBroker.Core.Groups.Hosting;
using OrleansBroker.Core.Metadata;
using OrleansBroker.Core.Partitions;
using OrleansBroker.Core.Ports;
using OrleansBroker.Core.Replication;
using OrleansBroker.Core.Topics;
using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Messages;
using OrleansBroker.Simulation;
using OrleansBroker.Storage;

namespace OrleansBroker.Embedded.Tests.Groups;

/// <summary>A broker with a replica of the one partition that <c>__consumer_offsets</c> has here, and the coordinator of its groups.</summary>
internal sealed class GroupReplica : GroupClient, IAsyncDisposable
{
    public static readonly Guid Topic = new("0d0b0c0a-0000-4000-8000-000000000001");

    private readonly LogDirectory _logs;
    private readonly PartitionTable _partitions = new();
    private readonly BrokerConfigCache _configs;

    public GroupReplica(int id, ManualTime time, PartitionState state, IEnumerable<int> brokers)
        : base(time)
    {
        Id = new BrokerId(id);
        _logs = LogDirectory.Open(new LogDirectoryOptions
        {
            Files = new SimulatedDisk(seed: id),
            Path = "/data",
            Broker = Id,
            NowMs = time.NowMs,
            Logger = NullLogger.Instance,
            BootId = "boot",
        });
        var name = new TopicPartition(InternalTopics.ConsumerOffsets, 0);
        Partition = new Partition(Id, _logs.OpenLog(name, Topic, LogConfig.Default), state with { LeaderEpoch = LeaderEpoch.None }, isInternal: true, new NoFlushes());
        Partition.Configure(LogConfig.Default, minInSyncReplicas: 2, allowsUncleanElection: false);
        _partitions.Set(name.Topic, Topic, [Partition]);
        Assert.True(BrokerConfig.TryCreate(new Dictionary<string, string> { ["node.id"] = $"{id}" }, out var config, out _));
        _configs = new BrokerConfigCache(config);
        Metadata = new MetadataCache(new MetadataImage("cluster", new BrokerId(1), [.. brokers.Select(each => new BrokerImage(new BrokerId(each), "localhost", 9092 + each))])
            .With([new TopicImage(name.Topic, Topic, [state.ToImage()]) { IsInternal = true }]));
        Groups = NewCoordinator();
    }

    public BrokerId Id { get; }

    public Partition Partition { get; }

    public MetadataCache Metadata { get; }

    /// <summary>Loads that the change of a role led to.</summary>
    public QueuedWork Loads { get; } = new();

    /// <summary>A second coordinator over the same log, as two activations at a time would be.</summary>
    public GroupClient NewTwin() => new Twin(this);

    public async ValueTask DisposeAsync()
    {
        Loads.RunAll();
        await Groups.DisposeAsync();
        _logs.Dispose();
    }

    /// <summary>As the replica manager does it: the partition first, then the image, then those who want to know.</summary>
    public void Lead(PartitionState state)
    {
        Partition.Lead(state, Time.GetTimestamp());
        Changed(state);
    }

    /// <inheritdoc cref="Lead"/>
    public void Follow(PartitionState state)
    {
        Partition.Follow(state);
        Changed(state);
    }

    /// <summary>The image knows more than the partition: the announcement has not been acted on yet.</summary>
    public void Hear(PartitionState state) => Metadata.Change(image => image.Merge([state]));

    private void Changed(PartitionState state)
    {
        Hear(state);
        Loads.Do(() => Groups.OnRoleChanged(Partition));
    }

    private GroupCoordinator NewCoordinator() => new(_configs, Metadata, _partitions, new NoCatalog(), Time, new Random(Id.Value), NullLogger.Instance);

    private sealed class Twin : GroupClient
    {
        public Twin(GroupReplica replica)
            : base(replica.Time) => Groups = replica.NewCoordinator();
    }

    private sealed class NoFlushes : IFlushQueue
    {
        public ValueTask<ErrorCode> FlushedAsync(Partition partition, long lastOffset, long withinMs) => new(ErrorCode.None);
    }

    /// <summary>Nothing is created here: the topic is there.</summary>
    private sealed class NoCatalog : ITopicCatalog
    {
        public ValueTask<CreateTopicsResponse> CreateTopicsAsync(CreateTopicsRequest request, CancellationToken cancellation) => throw new NotSupportedException();

        public ValueTask<DeleteTopicsResponse> DeleteTopicsAsync(DeleteTopicsRequest request, CancellationToken cancellation) => throw new NotSupportedException();

        public ValueTask<CreatePartitionsResponse> CreatePartitionsAsync(CreatePartitionsRequest request, CancellationToken cancellation) => throw new NotSupportedException();

        public ValueTask<AlterConfigsResponse> AlterConfigsAsync(AlterConfigsRequest request, CancellationToken cancellation) => throw new NotSupportedException();

        public ValueTask<IncrementalAlterConfigsResponse> IncrementalAlterConfigsAsync(IncrementalAlterConfigsRequest request, CancellationToken cancellation) => throw new NotSupportedException();

        public ValueTask<ErrorCode[]> CreateOnFirstUseAsync(IReadOnlyList<string> names, CancellationToken cancellation) => throw new NotSupportedException();
    }
}
