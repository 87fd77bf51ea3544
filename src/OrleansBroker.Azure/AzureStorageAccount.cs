using System.Text.RegularExpressions;
using Azure;
using Azure.Data.Tables;
using Azure.Storage.Blobs;

namespace OrleansBroker.Azure;

/// <summary>An account of Azure Storage, and the container of blobs in which it keeps a cluster's documents.</summary>
public sealed partial class AzureStorageAccount
{
    // Which is the same everywhere.
    private const string AccountOfEmulator = "devstoreaccount1";

    // As long as brokers wait for a document.
    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(5);

    private readonly string _connectionString;

    /// <param name="container">See <see cref="CanNameContainer"/>; used where documents are kept.</param>
    /// <exception cref="ArgumentException">It is not a connection string of Azure Storage.</exception>
    public AzureStorageAccount(string connectionString, string container)
    {
        var options = new BlobClientOptions();
        // A write whose answer is lost is not to be tried again where nobody sees it: what comes of that would pass for the write of another.
        options.Retry.MaxRetries = 0;
        options.Retry.NetworkTimeout = AnswerWithin;
        try
        {
            Blobs = new BlobServiceClient(connectionString, options);
        }
        catch (FormatException e)
        {
            throw new ArgumentException(e.Message, e);
        }

        _connectionString = connectionString;
        Container = container;
    }

    internal BlobServiceClient Blobs { get; }

    internal string Container { get; }

    internal TableServiceClient Tables => new(_connectionString);

    /// <summary>3 to 63 lower-case letters, digits and single hyphens.</summary>
    public static bool CanNameContainer(string name) => NameOfContainer().IsMatch(name);

    /// <summary>Makes the container where it is not there yet.</summary>
    /// <returns>One line where the account may forget what it acknowledged.</returns>
    /// <exception cref="OrleansConfigurationException">The account cannot be used as it is: a line that says why.</exception>
    /// <exception cref="IOException">It cannot be asked now.</exception>
    public async Task<IReadOnlyList<string>> CheckAsync(CancellationToken cancellation)
    {
        var account = $"the account {Blobs.AccountName} of Azure Storage";
        try
        {
            await Blobs.GetBlobContainerClient(Container).CreateIfNotExistsAsync(cancellationToken: cancellation);
        }
        catch (RequestFailedException e) when (e.Status is >= 400 and < 500 and not (408 or 409 or 429))
        {
            throw new OrleansConfigurationException($"{account}: {e.ErrorCode ?? FirstLine(e)}", e);
        }
        catch (Exception e) when (e is RequestFailedException || (e is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            throw new IOException($"{account}: {FirstLine(e)}", e);
        }

        return Blobs.AccountName == AccountOfEmulator ? [$"{account} is an emulator's: it may forget what it acknowledged"] : [];
    }

    private static string FirstLine(Exception e) => e.Message.Split('\r', '\n')[0];

    [GeneratedRegex("^(?=.{3,63}$)[a-z0-9]+(-[a-z0-9]+)*$")]
    private static partial Regex NameOfContainer();
}
