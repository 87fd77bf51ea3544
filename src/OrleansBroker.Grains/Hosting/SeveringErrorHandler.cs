namespace OrleansBroker.Grains.Hosting;

/// <summary>
/// Where a silo cannot go on, as the cluster takes it to be dead, its broker answers nobody any more before anything else is done:
/// what the host does then, as to log and to end the process, takes its time.
/// </summary>
internal sealed class SeveringErrorHandler(LocalBroker broker, IFatalErrorHandler host) : IFatalErrorHandler
{
    public bool IsUnexpected(Exception exception) => host.IsUnexpected(exception);

    public void OnFatalException(object? sender, string? context, Exception? exception)
    {
        try
        {
            broker.Sever();
        }
        finally
        {
            host.OnFatalException(sender, context, exception);
        }
    }
}
