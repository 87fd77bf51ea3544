using OrleansBroker.Azure;
using OrleansBroker.Embedded;

namespace OrleansBroker.Silo.Clustered;

/// <summary>An account of Azure Storage. Documents are in blobs of a container that is named as the cluster is.</summary>
internal sealed class AzureStore(string connectionString, string cluster) : IStore
{
    private readonly AzureStorageAccount _account = new(connectionString, cluster);
    private bool _keepsDocuments;

    public void AddMembership(ISiloBuilder silo) => silo.UseAzureStorageMembership(_account);

    /// <exception cref="BrokerStartException">The cluster's name cannot name a container.</exception>
    public void AddDocuments(ISiloBuilder silo, string storageName)
    {
        if (!AzureStorageAccount.CanNameContainer(cluster))
        {
            throw new BrokerStartException($"--cluster {cluster}: names the container of the blobs too, which takes 3 to 63 lower-case letters, digits and single hyphens");
        }

        _keepsDocuments = true;
        silo.AddAzureBlobDocuments(storageName, _account);
    }

    public async Task<IReadOnlyList<string>> CheckAsync(CancellationToken cancellation) => _keepsDocuments ? await _account.CheckAsync(cancellation) : [];
}
