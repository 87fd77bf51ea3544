using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Messaging;
using Orleans.Serialization;
using OrleansBroker.Abstractions.Messages;

namespace OrleansBroker.Abstractions.Client;

/// <summary>
/// A client of the brokers' cluster in a container of its own: an application that is a silo of another cluster has a grain factory
/// already, and <c>UseOrleans</c> and <c>UseOrleansClient</c> do not go into one host.
/// </summary>
internal sealed class GrainClient : IHostedService, IAsyncDisposable, IClientConnectionRetryFilter, IOutgoingGrainCallFilter
{
    private readonly OrleansBrokerGrainClientOptions _options;
    private readonly ILogger _logger;
    private readonly ServiceProvider _services;
    private readonly CancellationTokenSource _stopping = new();
    private Task _connecting = Task.CompletedTask;
    private volatile bool _isConnected;
    private int _isDisposed;

    public GrainClient(IOptions<OrleansBrokerGrainClientOptions> options, Action<IClientBuilder>? configure, ILoggerFactory loggers)
    {
        _options = options.Value;
        _logger = loggers.CreateLogger<GrainClient>();
        var services = new ServiceCollection();

        // An instance: it is the application's, and not disposed of with the container.
        services.AddSingleton(loggers);
        services.AddSingleton<IClientConnectionRetryFilter>(this);
        services.AddSingleton<IOutgoingGrainCallFilter>(this);
        services.AddOrleansClient(client =>
        {
            client.Configure<ClusterOptions>(cluster => (cluster.ClusterId, cluster.ServiceId) = (_options.Cluster, _options.Cluster));
            client.Services.AddSerializer(serializer => serializer.AddOrleansBrokerMessages());
            if (_options.Gateways.Count > 0)
            {
                client.Services.AddSingleton<IGatewayListProvider>(new NamedGateways(_options));
            }

            configure?.Invoke(client);
        });
        _services = services.BuildServiceProvider();
        Client = _services.GetRequiredService<IClusterClient>();
        Grains = new BrokerGrains(Client);
    }

    public IClusterClient Client { get; }

    public IBrokerGrains Grains { get; }

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        _connecting = ConnectAsync();
        try
        {
            await _connecting.WaitAsync(_options.ConnectWithin, cancellationToken);
        }
        catch (TimeoutException)
        {
            GrainClientLog.StartsWithout(_logger, _options.Cluster, _options.ConnectWithin.TotalSeconds);
        }
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stopping.CancelAsync();
        await _connecting.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        foreach (var part in _services.GetServices<IHostedService>().Reverse())
        {
            await part.StopAsync(cancellationToken);
        }
    }

    /// <summary>Whether to try again, after a first attempt or a later one has failed.</summary>
    public async Task<bool> ShouldRetryConnectionAttempt(Exception exception, CancellationToken cancellationToken)
    {
        GrainClientLog.NotConnected(_logger, _options.Cluster, exception.Message);
        await Task.Delay(_options.ConnectAgainAfter, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return !cancellationToken.IsCancellationRequested;
    }

    /// <summary>
    /// Orleans' client cannot be called before it was connected once, but for what it calls itself to be that. When it has lost its
    /// gateway later, it looks for another one by itself.
    /// </summary>
    public Task Invoke(IOutgoingGrainCallContext context) => _isConnected || !context.TargetId.Type.ToString()!.StartsWith(BrokerGrainTypes.Prefix, StringComparison.Ordinal)
        ? context.Invoke()
        : throw new SiloUnavailableException($"the brokers' cluster {_options.Cluster} was not reached yet");

    /// <summary>Also where the application was never started to the end. The container that made this may call it twice.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) == 0)
        {
            await _stopping.CancelAsync();
            await _connecting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await _services.DisposeAsync();
            _stopping.Dispose();
        }
    }

    private async Task ConnectAsync()
    {
        // The application's start does not wait for what is done before the first wait.
        await Task.Yield();
        try
        {
            foreach (var part in _services.GetServices<IHostedService>())
            {
                await part.StartAsync(_stopping.Token);
            }

            _isConnected = true;
            GrainClientLog.Connected(_logger, _options.Cluster);
        }
        catch (Exception) when (_stopping.IsCancellationRequested)
        {
            // The application stops before it was connected.
        }
        catch (Exception e)
        {
            GrainClientLog.Failed(_logger, _options.Cluster, e);
            throw;
        }
    }
}
