// As in DoorGrain.
#pragma warning disable RS0030

using Orleans.Placement;
using OrleansBroker.Abstractions;
using OrleansBroker.Abstractions.Partitions;
using OrleansBroker.Grains.Doors;
using OrleansBroker.Grains.Placement;

namespace OrleansBroker.Grains.Partitions;

/// <inheritdoc cref="IPartitionGrain"/>
[GrainType(BrokerGrainTypes.Partition)]
[BrokerPartitionPlacement]
[Immovable]
internal sealed class PartitionGrain(DoorServices services) : DoorGrain(services, new BrokerPartitionPlacement()), IPartitionGrain
{
    /// <summary>What comes meanwhile waits until the activation has moved, and it does not move before it has been answered.</summary>
    private const int ForwardedTimeoutMsMax = 5_000;

    /// <summary>An activation where nobody leads any more has its broker stand for election: nobody waits for it longer than that takes.</summary>
    public override Task OnActivateAsync(CancellationToken cancellationToken) =>
        Local.Door is { } door ? Task.Run(() => door.StandAsync(this.GetPrimaryKeyString()).AsTask(), cancellationToken) : Task.CompletedTask;

    public async Task<AppendResponse> AppendAsync(AppendRequest request) => (await AskAsync<AppendResponse>(request, Soon(request)))!;

    public async Task<ReadResponse> ReadAsync(ReadRequest request) => (await AskAsync<ReadResponse>(request, AtOnce(request)))!;

    public async Task<FindOffsetResponse> FindOffsetAsync(FindOffsetRequest request) => (await AskAsync<FindOffsetResponse>(request))!;

    private static AppendRequest Soon(AppendRequest request) => new() { Batch = request.Batch, Acks = request.Acks, TimeoutMs = Math.Min(request.TimeoutMs, ForwardedTimeoutMsMax) };

    private static ReadRequest AtOnce(ReadRequest request) => new()
    {
        Offset = request.Offset,
        MinBytes = request.MinBytes,
        MaxBytes = request.MaxBytes,
        MaxWaitMs = 0,
        IsReadCommitted = request.IsReadCommitted,
        CurrentLeaderEpoch = request.CurrentLeaderEpoch,
    };
}
