using Microsoft.Extensions.Logging;
using OrleansBroker.Embedded;
using OrleansBroker.Grains.Hosting;

namespace OrleansBroker.Silo.Clustered;

/// <summary>Where a silo finds its cluster's membership, and where its documents: one store, two, or none where it is alone.</summary>
internal sealed partial class ClusterStores
{
    private static readonly TimeSpan AskAgainAfter = TimeSpan.FromSeconds(1);

    private readonly IStore? _membership;
    private readonly IStore? _documents;

    /// <exception cref="BrokerStartException">A connection cannot be used.</exception>
    public ClusterStores(SiloCommandLine silo)
    {
        _membership = Open(silo, silo.ClusteringOrDefault);
        _documents = silo.StorageOrDefault == silo.ClusteringOrDefault ? _membership : Open(silo, silo.StorageOrDefault);
    }

    public void AddTo(ISiloBuilder silo)
    {
        if (_membership is null)
        {
            // This silo itself, where it says that it is.
            silo.UseDevelopmentClustering((System.Net.IPEndPoint?)null);
        }

        _membership?.AddMembership(silo);
        _documents?.AddDocuments(silo, OrleansBrokerOptions.DefaultStorage);
    }

    /// <summary>Waits until each can be asked, and warns of what may forget.</summary>
    /// <exception cref="BrokerStartException">One cannot be used.</exception>
    public async Task CheckAsync(ILogger logger, CancellationToken stopping)
    {
        foreach (var store in new[] { _membership, _documents }.OfType<IStore>().Distinct())
        {
            foreach (var doubt in await AnswerAsync(store, logger, stopping))
            {
                Forgetful(logger, doubt);
            }
        }
    }

    private static async Task<IReadOnlyList<string>> AnswerAsync(IStore store, ILogger logger, CancellationToken stopping)
    {
        for (var last = string.Empty; ;)
        {
            try
            {
                return await store.CheckAsync(stopping);
            }
            catch (OrleansConfigurationException e)
            {
                throw new BrokerStartException(e.Message, e);
            }
            catch (IOException e)
            {
                if (e.Message != last)
                {
                    Waits(logger, last = e.Message);
                }

                await Task.Delay(AskAgainAfter, stopping);
            }
        }
    }

    private static IStore? Open(SiloCommandLine silo, string which)
    {
        var option = SiloCommandLine.ConnectionOptionOf(which);
        try
        {
            return which switch
            {
                "redis" => new RedisStore(silo.Redis!),
                "adonet" => new PostgreSqlStore(silo.AdoNet!),
#if AZURE
                "azure" => new AzureStore(silo.AzureStorage!, silo.Cluster),
#else
                "azure" => throw new ArgumentException("this build has no Azure Storage, whose packages could not be restored"),
#endif
                _ => null,
            };
        }
        catch (ArgumentException e)
        {
            // Not what was given: there may be a password in it.
            throw new BrokerStartException($"{option}: {e.Message.ReplaceLineEndings(" ")}", e);
        }
    }

    [LoggerMessage(6900, LogLevel.Warning, "waits for its cluster's store: {Reason}")]
    private static partial void Waits(ILogger logger, string reason);

    [LoggerMessage(6901, LogLevel.Warning, "{Doubt}")]
    private static partial void Forgetful(ILogger logger, string doubt);
}
