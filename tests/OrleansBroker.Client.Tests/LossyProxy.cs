using System.Net;
using System.Net.Sockets;

namespace OrleansBroker.Client.Tests;

/// <summary>
/// Stands between a client and a broker, and breaks connections: by chance, as a response passes, which is then lost although
/// the broker has done what was asked; or all at once.
/// </summary>
internal sealed class LossyProxy : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly Random _random;
    private readonly Lock _gate = new();
    private readonly List<Socket> _sockets = [];
    private volatile IPEndPoint? _broker;
    private volatile bool _isDisposed;

    public LossyProxy(int seed)
    {
        _random = new Random(seed);
        _listener.Start();
        _ = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>How likely it is that what arrives from the broker is lost, with its connection.</summary>
    public double Loss { get; set; }

    /// <summary>Whether what arrives from the broker is held back.</summary>
    public bool IsHanging { get; set; }

    public int Breaks { get; private set; }

    public void ConnectTo(string broker) => _broker = IPEndPoint.Parse(broker);

    public void BreakAll()
    {
        lock (_gate)
        {
            _sockets.ForEach(socket => socket.Dispose());
            _sockets.Clear();
        }
    }

    public void Dispose()
    {
        _isDisposed = true;
        _listener.Stop();
        BreakAll();
    }

    private async Task AcceptAsync()
    {
        while (!_isDisposed)
        {
            try
            {
                _ = RunAsync(await _listener.AcceptSocketAsync());
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                return;
            }
        }
    }

    private async Task RunAsync(Socket client)
    {
        var broker = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        client.NoDelay = true;
        lock (_gate)
        {
            _sockets.AddRange([client, broker]);
        }

        try
        {
            await broker.ConnectAsync(_broker!);
            await Task.WhenAll(PumpAsync(client, broker, mayLose: false), PumpAsync(broker, client, mayLose: true));
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            client.Dispose();
            broker.Dispose();
        }
    }

    private async Task PumpAsync(Socket from, Socket to, bool mayLose)
    {
        try
        {
            var buffer = new byte[64 << 10];
            while (await from.ReceiveAsync(buffer) is var received and > 0)
            {
                while (mayLose && IsHanging)
                {
                    await Task.Delay(10);
                }

                if (mayLose && IsLost())
                {
                    break;
                }

                await to.SendAsync(buffer.AsMemory(0, received));
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Either side has ended.
        }
        finally
        {
            from.Dispose();
            to.Dispose();
        }
    }

    private bool IsLost()
    {
        lock (_gate)
        {
            var isLost = _random.NextDouble() < Loss;
            Breaks += isLost ? 1 : 0;
            return isLost;
        }
    }
}
