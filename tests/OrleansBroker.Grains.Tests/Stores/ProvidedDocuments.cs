using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Storage;
using OrleansBroker.Grains.Documents;

namespace OrleansBroker.Grains.Tests.Stores;

/// <summary>Documents in grain storage as a silo has them, without the silo.</summary>
internal sealed class ProvidedDocuments : IDisposable
{
    public const string StorageName = "documents";

    private readonly IHost _host;

    private ProvidedDocuments(IHost host, IGrainStorage storage)
    {
        _host = host;
        Documents = new GrainStorageDocuments(storage);
    }

    public GrainStorageDocuments Documents { get; }

    public static async Task<ProvidedDocuments> OpenAsync(Action<ISiloBuilder> addStorage)
    {
        var builder = new HostApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.UseOrleans(silo =>
        {
            silo.UseLocalhostClustering();
            addStorage(silo);
        });
        var host = builder.Build();
        var storage = host.Services.GetRequiredKeyedService<IGrainStorage>(StorageName);
        var start = new StorageStart();
        ((ILifecycleParticipant<ISiloLifecycle>)storage).Participate(start);
        await Task.WhenAll(start.Observers.Select(observer => observer.OnStart(CancellationToken.None)));
        return new ProvidedDocuments(host, storage);
    }

    public void Dispose() => _host.Dispose();

    /// <summary>The life of a silo in which a storage is all that starts.</summary>
    private sealed class StorageStart : ISiloLifecycle
    {
        public List<ILifecycleObserver> Observers { get; } = [];

        public int HighestCompletedStage => int.MinValue;

        public int LowestStoppedStage => int.MaxValue;

        public IDisposable Subscribe(string observerName, int stage, ILifecycleObserver observer)
        {
            Observers.Add(observer);
            return new MemoryStream();
        }
    }
}
