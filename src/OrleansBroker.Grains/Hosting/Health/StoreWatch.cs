// Runs beside the broker, on nobody's thread.
#pragma warning disable RS0030

using Microsoft.Extensions.Logging;
using OrleansBroker.Embedded;
using OrleansBroker.Grains.Membership;

namespace OrleansBroker.Grains.Hosting.Health;

/// <summary>
/// Asks the membership table and the document store now and then whether they are there: a broker that has nothing to change would not
/// notice that they are away. Nothing that the broker does depends on what is found.
/// </summary>
internal sealed class StoreWatch(LocalBroker local, SiloMembership membership, TimeProvider clock, ILogger<StoreWatch> logger) : IDisposable
{
    private static readonly TimeSpan AskAgainAfter = TimeSpan.FromSeconds(3);

    private readonly CancellationTokenSource _stopping = new();
    private Task _watching = Task.CompletedTask;
    private volatile bool _isMembershipAway;
    private volatile bool _areDocumentsAway;

    public bool IsMembershipAway => _isMembershipAway;

    public bool AreDocumentsAway => _areDocumentsAway || local.Host?.Documents.IsAway == true;

    public void Start() => _watching = Task.Run(WatchAsync, CancellationToken.None);

    public async Task StopAsync()
    {
        await _stopping.CancelAsync();
        await _watching;
    }

    public void Dispose() => _stopping.Dispose();

    private async Task WatchAsync()
    {
        try
        {
            while (true)
            {
                _isMembershipAway = Tell("the membership table", _isMembershipAway, !await membership.TryReadTableAsync(_stopping.Token));
                _areDocumentsAway = Tell("the document store", _areDocumentsAway, !await TryReadDocumentAsync());
                await Task.Delay(AskAgainAfter, clock, _stopping.Token);
            }
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            // The silo stops.
        }
    }

    private async Task<bool> TryReadDocumentAsync()
    {
        try
        {
            return local.Host is not { } host || await host.Documents.ReadAsync(ClusterDocument.Name, _stopping.Token) is not null;
        }
        catch (Exception) when (!_stopping.IsCancellationRequested)
        {
            return false;
        }
    }

    private bool Tell(string store, bool wasAway, bool isAway)
    {
        if (isAway && !wasAway)
        {
            GrainsLog.StoreAway(logger, store);
        }
        else if (wasAway && !isAway)
        {
            GrainsLog.StoreBack(logger, store);
        }

        return isAway;
    }
}
