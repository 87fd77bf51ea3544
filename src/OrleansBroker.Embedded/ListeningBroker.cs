// Stands between the caller's threads and the broker's.
#pragma warning disable RS0030

using System.Diagnostics.Metrics;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using OrleansBroker.Embedded.Diagnostics;
using OrleansBroker.Server.Network;
using OrleansBroker.Storage;

namespace OrleansBroker.Embedded;

/// <summary>A <see cref="BrokerHost"/> behind a listener, on this machine's disk, in a cluster that its links lead to.</summary>
internal sealed class ListeningBroker : IAsyncDisposable
{
    private readonly EmbeddedBrokerOptions _options;
    private readonly IClusterLinks _links;
    private readonly ILogger _logger;
    private readonly LowPriorityThread _background = new("log cleaner");
    private Socket? _socket;
    private Listener? _listener;
    private BrokerMeter? _meter;
    private int _hasStopped;

    private ListeningBroker(EmbeddedBrokerOptions options, IClusterLinks links)
    {
        _options = options;
        _links = links;
        _logger = options.Loggers.CreateLogger<EmbeddedBroker>();
    }

    /// <summary>Null until it is open.</summary>
    public BrokerHost? Host { get; private set; }

    /// <summary>This broker's, for those who have more to tell; null until it is open.</summary>
    public Meter? Meter => _meter?.Meter;

    /// <summary>Called when clients are served no more, before the logs are closed: for whoever else brings requests.</summary>
    public Func<ValueTask>? Closing { get; set; }

    /// <summary>Where clients connect: <c>host:port</c>.</summary>
    public string Endpoint { get; private set; } = string.Empty;

    /// <summary>Completes when clients can connect and the broker has taken its part in every partition.</summary>
    /// <exception cref="BrokerStartException">For a reason that its message names in one line.</exception>
    public static async Task<ListeningBroker> StartAsync(EmbeddedBrokerOptions options, IClusterLinks links, CancellationToken cancellation)
    {
        var broker = new ListeningBroker(options, links);
        try
        {
            await ApartAsync(() => broker.StartAsync(cancellation));
            return broker;
        }
        catch (Exception e)
        {
            await broker.DisposeAsync();
            if (e is DataDirectoryException or IOException or UnauthorizedAccessException)
            {
                throw new BrokerStartException(e.Message, e);
            }

            throw;
        }
    }

    /// <summary>Takes requests, and neither handles nor answers them, until <see cref="Resume"/>.</summary>
    public void Pause() => _listener?.Pause();

    public void Resume() => _listener?.Resume();

    /// <summary>Ends as <c>kill -9</c> would. The links have been severed.</summary>
    public Task KillAsync() => Interlocked.Exchange(ref _hasStopped, 1) != 0 ? Task.CompletedTask : ApartAsync(EndAsync);

    /// <summary>Hands leaderships over, stops serving, and marks the stop as clean.</summary>
    public ValueTask DisposeAsync() => new(StopAsync(CancellationToken.None));

    /// <inheritdoc cref="DisposeAsync"/>
    /// <param name="draining">Cancelled where there is no more time to hand leaderships over: what is left of them ends with the stop.</param>
    public Task StopAsync(CancellationToken draining) => Interlocked.Exchange(ref _hasStopped, 1) != 0 ? Task.CompletedTask : ApartAsync(() => CloseAsync(draining));

    /// <summary>
    /// Nothing in a broker comes back to the context of whoever starts or stops it; and they do not go on where it ended, which may be
    /// a thread that polls sockets: all brokers of the process would wait while they wait for something else.
    /// </summary>
    private static async Task ApartAsync(Func<Task> work)
    {
        try
        {
            await Task.Run(work);
        }
        finally
        {
            await Task.Yield();
        }
    }

    private async Task EndAsync()
    {
        _meter?.Dispose();
        if (_listener is not null)
        {
            await _listener.AbortAsync();
            await Task.Yield();
        }

        if (Host is not null)
        {
            await Host.KillAsync();
        }

        _background.Dispose();
    }

    private async Task DrainAsync(CancellationToken cancellation)
    {
        try
        {
            await _links.DrainAsync();
            await Host!.Replicas.DrainAsync(cancellation);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            EmbeddedLog.NotDrained(_logger, _options.Config.Broker.Value);
        }
    }

    private async Task CloseAsync(CancellationToken draining)
    {
        if (Host is not null && _listener is not null)
        {
            await DrainAsync(draining);
            await _listener.DisposeAsync();
            _meter?.Dispose();

            // What follows is long, and the last connection may have ended on a thread that polls others.
            await Task.Yield();
        }

        if (Host is not null)
        {
            // Also where it did not come to serve: the others would take it to be alive.
            await _links.LeaveAsync();
            await (Closing?.Invoke() ?? ValueTask.CompletedTask);
        }

        _socket?.Dispose();
        if (Host is not null)
        {
            await Host.DisposeAsync();
            EmbeddedLog.Stopped(_logger, _options.Config.Broker.Value);
        }

        _background.Dispose();
    }

    private async Task StartAsync(CancellationToken cancellation)
    {
        var started = _options.Clock.GetTimestamp();
        foreach (var name in _options.Config.UnknownNames)
        {
            EmbeddedLog.UnknownConfiguration(_logger, name);
        }

        // What is wrong with these is told before the data directory is touched.
        var address = ListenerAddress.Parse("listeners", _options.Config.Listeners);
        var advertised = _options.Config.AdvertisedListeners is { } text ? ListenerAddress.Parse("advertised.listeners", text) : null;
        var settings = ListenerSettings.From(_options.Config, address);
        var bound = address with { Port = Bind(settings, address) };
        Endpoint = bound.ToString();
        var told = advertised ?? address.Advertised(bound.Port);
        Host = await BrokerHost.OpenAsync(HostOptions((told.Host, told.Port)), cancellation);
        await _links.JoinAsync(Host, cancellation);
        await Host.StartAsync(cancellation);
        _meter = new BrokerMeter(Host, _options.Clock);
        _listener = Listener.On(_socket!, settings, Host.Services, _options.Loggers.CreateLogger<Listener>(), _links.Gate, _meter.Meter);
        _meter.Watch(_listener);
        _listener.Accept();
        EmbeddedLog.Ready(
            _logger, _options.Config.Broker.Value, Endpoint, (long)_options.Clock.GetElapsedTime(started).TotalMilliseconds,
            Host.Services.Metadata.Current.TopicCount, Host.Services.Partitions.All.Count());
    }

    private int Bind(ListenerOptions settings, ListenerAddress address)
    {
        try
        {
            _socket = Listener.Bind(settings);
            return ((IPEndPoint)_socket.LocalEndPoint!).Port;
        }
        catch (SocketException e)
        {
            throw new BrokerStartException($"listeners: cannot listen on {address}: {e.Message}", e);
        }
    }

    private BrokerHostOptions HostOptions((string Host, int Port) endpoint) => new()
    {
        Config = _options.Config,
        DataDirectory = Path.GetFullPath(_options.DataDirectory),
        Files = _options.Files,
        BootId = BootId.Read(),
        Endpoint = endpoint,
        Documents = () => _links.Documents,
        Membership = _links.Membership,
        Peers = _links.Peers,
        Connector = _links.Connector,
        Lives = _links.Lives,
        Background = _background,
        Clock = _options.Clock,
        Random = new Random(),
        Loggers = _options.Loggers,
    };
}
