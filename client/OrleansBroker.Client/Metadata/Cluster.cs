using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using OrleansBroker.Client.Connections;
using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Messages;
using OrleansBroker.Protocol.Wire;

namespace OrleansBroker.Client.Metadata;

/// <summary>
/// The cluster as one client sees it: a view of brokers and topics that is refreshed when it is old, when a broker answers that
/// it is wrong, and when a new topic is asked for; and a connection to each broker that is needed.
/// </summary>
internal sealed partial class Cluster : IDisposable
{
    /// <summary>How long one broker may take before the next one is asked as well.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private readonly BrokerEndpoint[] _bootstrap;
    private readonly ConcurrentDictionary<(int Broker, ConnectionPurpose Purpose, object? Owner), BrokerLink> _links = new();
    private readonly ConcurrentDictionary<BrokerEndpoint, BrokerLink> _bootstrapLinks = new();
    private readonly ConcurrentDictionary<string, WatchedTopic> _topics = new();
    private readonly CancellationTokenSource _disposing = new();
    private readonly ITimer _aging;
    private readonly Backoff _pace;
    private readonly long _idleMaxMs;
    private readonly ILogger _log;
    private readonly Lock _gate = new();
    private volatile ClusterView _view = ClusterView.Empty;
    private Task? _refreshing;
    private int _refreshesInRow;
    private long _notBeforeMs;

    public Cluster(ClientOptions options)
    {
        Options = options;
        _log = options.Loggers.CreateLogger<Cluster>();
        _bootstrap = BrokerEndpoint.ParseAll(options.BootstrapServers);
        _idleMaxMs = (long)options.MetadataMaxIdle.TotalMilliseconds;
        _pace = new Backoff(options.RetryBackoff, options.RetryBackoffMax);
        _aging = options.Clock.CreateTimer(static self => ((Cluster)self!).RefreshUnasked(), this, options.MetadataMaxAge, options.MetadataMaxAge);
    }

    public ClientOptions Options { get; }

    public ClusterView View => _view;

    /// <summary>Has every refresh from now on ask about the topic. It is not asked about at once.</summary>
    public void Watch(TopicInterest interest)
    {
        var watched = new WatchedTopic(interest.MayCreate, IsLasting: !interest.MayCreate, Options.Clock.MonotonicMs());
        _topics.AddOrUpdate(
            interest.Topic,
            static (_, added) => added,
            static (_, known, added) => new(known.MayCreate || added.MayCreate, known.IsLasting || added.IsLasting, added.UsedMs),
            watched);
    }

    /// <summary>Notes that a topic is in use, so that it is not forgotten.</summary>
    public void Touch(string topic)
    {
        var nowMs = Options.Clock.MonotonicMs();
        if (_topics.TryGetValue(topic, out var watched) && nowMs - watched.UsedMs > _idleMaxMs / 4)
        {
            _topics.TryUpdate(topic, watched with { UsedMs = nowMs }, watched);
        }
    }

    /// <summary>
    /// A view that is newer than <paramref name="stale"/>, asked for unless there is one already. However many ask, the cluster
    /// is asked once, and the more slowly the more often it is in a row.
    /// </summary>
    /// <exception cref="KafkaException">No broker answers.</exception>
    public async ValueTask<ClusterView> RefreshAsync(ClusterView stale, CancellationToken cancellation)
    {
        Task refreshing;
        lock (_gate)
        {
            if (_view != stale)
            {
                return _view;
            }

            refreshing = _refreshing = _refreshing is { IsCompleted: false } ? _refreshing : RefreshAsync();
        }

        await refreshing.WaitAsync(cancellation).ConfigureAwait(false);
        return _view;
    }

    /// <summary>Takes over what a broker said about the leaders of partitions.</summary>
    public void Learn(ReadOnlySpan<LeaderHint> hints)
    {
        lock (_gate)
        {
            var view = _view;
            foreach (var hint in hints)
            {
                view = view.With(hint);
            }

            Show(view);
        }
    }

    /// <summary>A connection to a broker of the view.</summary>
    /// <param name="owner">Whose connection it is; null for one that all share.</param>
    /// <exception cref="KafkaException">BrokerNotAvailable: the view has no such broker. NetworkException: it was dialled in vain.</exception>
    public ValueTask<BrokerConnection> ConnectAsync(int broker, ConnectionPurpose purpose, object? owner, CancellationToken cancellation) =>
        LinkTo(broker, purpose, owner).ConnectAsync(cancellation);

    /// <summary>
    /// Asks whichever broker answers soonest: one that is connected, else one of the view, else one of the bootstrap servers. One
    /// that does not answer soon is passed over, since it may hang; so a request that is sent twice must do no harm.
    /// </summary>
    /// <exception cref="KafkaException">BrokerNotAvailable: none answers.</exception>
    public async Task<TResponse> AskAnyAsync<TRequest, TResponse>(TRequest request, CancellationToken cancellation)
        where TRequest : class, IRequest<TResponse>
        where TResponse : class, IWireStruct, new()
    {
        KafkaException? last = null;
        foreach (var link in Candidates())
        {
            try
            {
                return await AskAsync<TRequest, TResponse>(link, request, cancellation).WaitAsync(Patience, Options.Clock, cancellation).ConfigureAwait(false);
            }
            catch (KafkaException e) when (e.IsRetriable)
            {
                last = e;
            }
            catch (TimeoutException)
            {
                last = new KafkaException(ErrorCode.RequestTimedOut, $"{link.Endpoint}: no answer within {Patience}");
            }
        }

        throw new KafkaException(ErrorCode.BrokerNotAvailable, $"no broker can be reached; the last one tried: {last?.Message}", last);
    }

    /// <summary>Closes the connections that <paramref name="owner"/> had to itself.</summary>
    public void Release(object owner)
    {
        foreach (var (key, link) in _links)
        {
            if (ReferenceEquals(key.Owner, owner) && _links.TryRemove(key, out _))
            {
                link.Dispose();
            }
        }
    }

    public void Dispose()
    {
        _aging.Dispose();
        _disposing.Cancel();
        foreach (var link in _links.Values.Concat(_bootstrapLinks.Values))
        {
            link.Dispose();
        }
    }

    private static async Task<TResponse> AskAsync<TRequest, TResponse>(BrokerLink link, TRequest request, CancellationToken cancellation)
        where TRequest : class, IRequest<TResponse>
        where TResponse : class, IWireStruct, new()
    {
        var connection = await link.ConnectAsync(cancellation).ConfigureAwait(false);
        return await connection.SendAsync<TRequest, TResponse>(request, cancellation).ConfigureAwait(false);
    }

    private BrokerLink LinkTo(int broker, ConnectionPurpose purpose, object? owner)
    {
        if (!_view.Brokers.TryGetValue(broker, out var known))
        {
            throw new KafkaException(ErrorCode.BrokerNotAvailable, $"the cluster has no broker {broker} now");
        }

        while (true)
        {
            var link = _links.GetOrAdd((broker, purpose, owner), static (_, made) => new BrokerLink(made.Endpoint, made.Options), (known.Endpoint, Options));
            if (link.Endpoint == known.Endpoint)
            {
                return link;
            }

            // The broker has moved.
            if (_links.TryRemove(new((broker, purpose, owner), link)))
            {
                link.Dispose();
            }
        }
    }

    private IEnumerable<BrokerLink> Candidates()
    {
        var brokers = _view.Brokers.Keys.ToArray();
        Random.Shared.Shuffle(brokers);
        var links = brokers.Select(broker => LinkTo(broker, ConnectionPurpose.Requests, owner: null)).ToArray();
        var endpoints = _bootstrap.ToArray();
        Random.Shared.Shuffle(endpoints);
        return links.Where(link => link.IsOpen).OrderBy(link => link.InFlight)
            .Concat(links.Where(link => !link.IsOpen).OrderBy(link => link.Pause))
            .Concat(endpoints.Select(endpoint => _bootstrapLinks.GetOrAdd(endpoint, static (at, options) => new BrokerLink(at, options), Options)));
    }

    private void RefreshUnasked() => _ = RefreshUnaskedAsync();

    private async Task RefreshUnaskedAsync()
    {
        try
        {
            await RefreshAsync(_view, _disposing.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is KafkaException or OperationCanceledException)
        {
            MetadataRefreshFailed(e.Message);
        }
    }

    private async Task RefreshAsync()
    {
        // Never under the caller's lock, nor on its time.
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        await PaceAsync().ConfigureAwait(false);
        ForgetIdle();
        foreach (var (mayCreate, topics) in WhatToAsk())
        {
            var askedMs = Options.Clock.MonotonicMs();
            var response = await AskAsync(topics, mayCreate).ConfigureAwait(false);
            lock (_gate)
            {
                Show(_view.With(response, askedMs));
            }

            NoteAsked(topics);
        }

        // What was dialled by its bootstrap name is known by its id now.
        foreach (var endpoint in _bootstrapLinks.Keys)
        {
            if (_bootstrapLinks.TryRemove(endpoint, out var link))
            {
                link.Dispose();
            }
        }
    }

    /// <summary>The topics that are watched, by whether asking may create them: one that was there a moment ago is not to be created.</summary>
    private (bool MayCreate, string[] Topics)[] WhatToAsk()
    {
        var view = _view;
        return
        [
            .. _topics
                .GroupBy(topic => topic.Value.MayCreate && view.Topics.GetValueOrDefault(topic.Key) is not { Partitions.Length: > 0 }, topic => topic.Key)
                .Select(group => (group.Key, group.ToArray()))
                .DefaultIfEmpty((false, [])),
        ];
    }

    /// <summary>Whoever still wants topics created says so again: a refresh for another reason must bring back none that was deleted.</summary>
    private void NoteAsked(string[] topics)
    {
        foreach (var topic in topics)
        {
            while (_topics.TryGetValue(topic, out var watched) && watched.MayCreate && !_topics.TryUpdate(topic, watched with { MayCreate = false }, watched))
            {
                // Touched meanwhile.
            }
        }
    }

    private void ForgetIdle()
    {
        var nowMs = Options.Clock.MonotonicMs();
        foreach (var (topic, watched) in _topics)
        {
            if (!watched.IsLasting && nowMs - watched.UsedMs > _idleMaxMs && _topics.TryRemove(new(topic, watched)))
            {
                lock (_gate)
                {
                    Show(_view.Without(topic));
                }
            }
        }
    }

    private async Task PaceAsync()
    {
        var clock = Options.Clock;
        var pause = _notBeforeMs - clock.MonotonicMs();
        _refreshesInRow = pause > 0 ? _refreshesInRow + 1 : 0;
        if (pause > 0)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(pause), clock, _disposing.Token).ConfigureAwait(false);
        }

        _notBeforeMs = clock.MonotonicMs() + (long)_pace.After(_refreshesInRow + 1).TotalMilliseconds;
    }

    private async Task<MetadataResponse> AskAsync(string[] topics, bool mayCreate)
    {
        var request = new MetadataRequest
        {
            Topics = Array.ConvertAll(topics, topic => new MetadataRequest.MetadataRequestTopic { Name = topic }),
            AllowAutoTopicCreation = mayCreate,
        };
        var response = await AskAnyAsync<MetadataRequest, MetadataResponse>(request, _disposing.Token).ConfigureAwait(false);
        return response.ErrorCode == ErrorCode.None
            ? response
            : throw new KafkaException(response.ErrorCode, "a broker did not describe the cluster");
    }

    private void Show(ClusterView view) => _view = view;

    [LoggerMessage(7010, LogLevel.Information, "the cluster's metadata could not be refreshed: {Reason}")]
    private partial void MetadataRefreshFailed(string reason);
}
