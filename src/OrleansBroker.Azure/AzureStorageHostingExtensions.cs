using Azure.Data.Tables;
using Azure.Storage.Blobs;
using Orleans.Configuration;

namespace OrleansBroker.Azure;

/// <summary>A cluster on one Azure Storage account: membership in a table, documents in blobs.</summary>
public static class AzureStorageHostingExtensions
{
    /// <summary>Keeps who is a member of the cluster in a table of the account.</summary>
    public static ISiloBuilder UseAzureStorageMembership(this ISiloBuilder silo, string connectionString) =>
        silo.UseAzureStorageClustering(options => options.TableServiceClient = new TableServiceClient(connectionString));

    /// <summary>Keeps grain storage of a name in blobs of the account, all in one container.</summary>
    public static ISiloBuilder AddAzureBlobDocuments(this ISiloBuilder silo, string storageName, string connectionString, string container) =>
        silo.AddAzureBlobGrainStorage(storageName, (AzureBlobStorageOptions options) =>
        {
            options.BlobServiceClient = new BlobServiceClient(connectionString);
            options.ContainerName = container;
        });
}
