using Orleans.Configuration;

namespace OrleansBroker.Azure;

/// <summary>A cluster on an account of Azure Storage: membership in a table, documents in blobs.</summary>
public static class AzureStorageHostingExtensions
{
    /// <summary>Keeps who is a member of the cluster in a table of the account.</summary>
    public static ISiloBuilder UseAzureStorageMembership(this ISiloBuilder silo, AzureStorageAccount account) =>
        silo.UseAzureStorageClustering(options => options.TableServiceClient = account.Tables);

    /// <summary>Keeps grain storage of a name in blobs of the account, all in its container.</summary>
    public static ISiloBuilder AddAzureBlobDocuments(this ISiloBuilder silo, string storageName, AzureStorageAccount account) =>
        silo.AddAzureBlobGrainStorage(storageName, (AzureBlobStorageOptions options) =>
        {
            options.BlobServiceClient = account.Blobs;
            options.ContainerName = account.Container;
        });
}
