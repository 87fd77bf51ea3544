using System.Collections.Concurrent;
using OrleansBroker.Core.Ports;
using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Messages;
using OrleansBroker.Protocol.Wire;
using OrleansBroker.Server.Dispatch;

namespace OrleansBroker.Server.Tests.Replication;

/// <summary>Connections between the brokers of a <see cref="ReplicaCluster"/>: frames without sockets, which a test may look at, change and hold.</summary>
internal sealed class InMemoryConnector(Func<BrokerId, EndpointTable> endpoints) : IBrokerConnector
{
    private readonly ConcurrentDictionary<Connection, bool> _open = new();

    /// <summary>What was sent, as it was sent.</summary>
    public ConcurrentQueue<object> Sent { get; } = new();

    /// <summary>Looks at each response before it is delivered, which waits for it.</summary>
    public Func<FetchResponse, Task>? Delivering { get; set; }

    public int Connects { get; private set; }

    public ValueTask<IBrokerConnection> ConnectAsync(BrokerId broker, CancellationToken cancellation)
    {
        Connects++;
        var connection = new Connection(this, endpoints(broker));
        _open[connection] = true;
        return new ValueTask<IBrokerConnection>(connection);
    }

    /// <summary>Breaks every connection there is.</summary>
    public void Break()
    {
        foreach (var (connection, _) in _open)
        {
            connection.Close();
        }
    }

    private sealed class Connection : IBrokerConnection
    {
        private readonly InMemoryConnector _connector;
        private readonly CancellationTokenSource _closed = new();
        private readonly InMemorySession _session;
        private int _correlationId;

        public Connection(InMemoryConnector connector, EndpointTable endpoints)
        {
            _connector = connector;
            _session = new InMemorySession(endpoints, "/127.0.0.1", "PLAINTEXT", _closed.Token);
        }

        public async ValueTask<TResponse> SendAsync<TRequest, TResponse>(TRequest request, short version, CancellationToken cancellation)
            where TRequest : class, IRequest<TResponse>, new()
            where TResponse : class, IWireStruct, new()
        {
            _connector.Sent.Enqueue(request);
            using var cancelled = cancellation.UnsafeRegister(static connection => ((Connection)connection!).Close(), this);
            var frame = RequestFraming.Write(request, version, ++_correlationId, "test");
            try
            {
                var answer = await _session.ExecuteAsync(frame.AsMemory(4));
                _closed.Token.ThrowIfCancellationRequested();
                var response = ResponseFraming.Read<TResponse>(answer.Response.AsMemory(4), TRequest.Api, version, out _);
                if (response is FetchResponse fetched && _connector.Delivering is { } delivering)
                {
                    await delivering(fetched);
                }

                return response;
            }
            catch (OperationCanceledException e) when (!cancellation.IsCancellationRequested)
            {
                throw new IOException("the connection is lost", e);
            }
        }

        public void Close() => _closed.Cancel();

        public ValueTask DisposeAsync()
        {
            _connector._open.TryRemove(this, out _);
            Close();
            return ValueTask.CompletedTask;
        }
    }
}
