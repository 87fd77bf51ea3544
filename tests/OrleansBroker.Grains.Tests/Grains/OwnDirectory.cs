using System.Collections.Concurrent;
using Orleans.GrainDirectory;

namespace OrleansBroker.Grains.Tests.Grains;

/// <summary>A directory in which each silo sees its own activations only, so that every grain can be activated at every silo at once.</summary>
internal sealed class OwnDirectory : IGrainDirectory
{
    private readonly ConcurrentDictionary<GrainId, GrainAddress> _addresses = new();

    /// <summary>How often something was activated.</summary>
    public int Registrations { get; private set; }

    public bool Has(IAddressable grain) => _addresses.ContainsKey(grain.GetGrainId());

    public Task<GrainAddress?> Register(GrainAddress address)
    {
        Registrations++;
        return Task.FromResult<GrainAddress?>(_addresses.GetOrAdd(address.GrainId, address));
    }

    public Task Unregister(GrainAddress address)
    {
        _addresses.TryRemove(KeyValuePair.Create(address.GrainId, address));
        return Task.CompletedTask;
    }

    public Task<GrainAddress?> Lookup(GrainId grainId) => Task.FromResult(_addresses.GetValueOrDefault(grainId));

    public Task UnregisterSilos(List<SiloAddress> siloAddresses)
    {
        foreach (var address in _addresses.Values.Where(address => siloAddresses.Contains(address.SiloAddress!)))
        {
            Unregister(address);
        }

        return Task.CompletedTask;
    }
}
