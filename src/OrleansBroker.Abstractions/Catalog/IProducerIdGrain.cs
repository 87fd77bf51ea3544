using Orleans.Concurrency;
using OrleansBroker.Protocol.Messages;

namespace OrleansBroker.Abstractions.Catalog;

/// <summary>Gives idempotent producers their ids, each once in the life of the cluster; by <see cref="Key"/>.</summary>
[Alias("OrleansBroker.ProducerIds")]
public interface IProducerIdGrain : IGrainWithStringKey
{
    const string Key = "producer-ids";

    /// <summary>A new producer id with epoch 0, or COORDINATOR_NOT_AVAILABLE where none could be reserved and the caller may ask again.</summary>
    [Alias("Next")]
    [AlwaysInterleave]
    Task<InitProducerIdResponse> NextAsync();
}
