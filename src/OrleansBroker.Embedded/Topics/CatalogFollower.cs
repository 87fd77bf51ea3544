using Microsoft.Extensions.Logging;
using OrleansBroker.Core;
using OrleansBroker.Core.Ports;
using OrleansBroker.Protocol;

namespace OrleansBroker.Embedded.Topics;

/// <summary>
/// Keeps a broker's catalog up to what is stored, whoever writes it: what the controller tells may be lost. A broker that becomes the
/// controller reads everything first, since the one before it may have ended in the middle of a change.
/// </summary>
internal sealed partial class CatalogFollower : IAsyncDisposable
{
    private static readonly TimeSpan PullInterval = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(1);

    private readonly CatalogHost _catalog;
    private readonly BrokerId _self;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stopping = new();
    private readonly IDisposable _subscription;
    private readonly Task _running;
    private TaskCompletionSource _due = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private BrokerId _controller;

    /// <summary>Begins at once: what changed between the catalog's load and this is read.</summary>
    public CatalogFollower(CatalogHost catalog, BrokerId self, IMembership membership, TimeProvider clock, ILogger logger)
    {
        _catalog = catalog;
        _self = self;
        _clock = clock;
        _logger = logger;
        _controller = membership.Current.Controller;
        _subscription = membership.Subscribe(OnMembershipChanged);
        _running = RunAsync();
    }

    public async ValueTask DisposeAsync()
    {
        _subscription.Dispose();
        _stopping.Cancel();
        await _running;
        _stopping.Dispose();
    }

    private void OnMembershipChanged(ClusterView view)
    {
        var before = _controller;
        _controller = view.Controller;
        if (_controller == _self && before != _self)
        {
            _catalog.Distrust();
            Volatile.Read(ref _due).TrySetResult();
        }
    }

    private async Task RunAsync()
    {
        await Task.Yield();
        while (!_stopping.IsCancellationRequested)
        {
            Volatile.Write(ref _due, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
            var isDone = await TryCatchUpAsync();
            try
            {
                await _due.Task.WithinAsync(isDone ? PullInterval : RetryInterval, _clock, _stopping.Token);
            }
            catch (TimeoutException)
            {
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    private async ValueTask<bool> TryCatchUpAsync()
    {
        try
        {
            return await _catalog.CatchUpAsync(_stopping.Token);
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            return true;
        }
        catch (Exception e)
        {
            CatalogNotRead(_logger, e.Message);
            return false;
        }
    }

    [LoggerMessage(4010, LogLevel.Warning, "the catalog could not be read, and will be tried again: {Reason}")]
    private static partial void CatalogNotRead(ILogger logger, string reason);
}
