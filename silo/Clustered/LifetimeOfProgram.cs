using Microsoft.Extensions.Hosting;

namespace OrleansBroker.Silo.Clustered;

/// <summary>Signals are the program's, which stops the host: the console's lifetime would end a start in the middle as well.</summary>
internal sealed class LifetimeOfProgram : IHostLifetime
{
    public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
