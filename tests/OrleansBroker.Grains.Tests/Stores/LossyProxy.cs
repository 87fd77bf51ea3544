using System.Net;
using System.Net.Sockets;

namespace OrleansBroker.Grains.Tests.Stores;

/// <summary>Stands before a store. What is asked gets through, and an answer can be lost.</summary>
internal sealed class LossyProxy : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly int _target;
    private readonly Task _accepting;
    private TaskCompletionSource? _losing;

    public LossyProxy(int target)
    {
        _target = target;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>The next answer is lost, and its connection; the task ends once the store has done all that was asked of it there.</summary>
    public Task LoseNextAnswerAsync()
    {
        var lost = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _losing = lost;
        return lost.Task;
    }

    public async ValueTask DisposeAsync()
    {
        _listener.Stop();
        await _accepting;
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                _ = CarryAsync(await _listener.AcceptTcpClientAsync());
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // It has been stopped.
        }
    }

    private async Task CarryAsync(TcpClient asking)
    {
        using var answering = new TcpClient { NoDelay = true };
        using (asking)
        {
            asking.NoDelay = true;
            try
            {
                await answering.ConnectAsync(IPAddress.Loopback, _target);
                await Task.WhenAll(CarryQuestionsAsync(asking, answering), CarryAnswersAsync(answering, asking));
            }
            catch (SocketException)
            {
                // The store is gone.
            }
        }
    }

    /// <summary>The store is told of their end, and answers what came before it.</summary>
    private static async Task CarryQuestionsAsync(TcpClient asking, TcpClient answering)
    {
        await CopyAsync(asking, answering);
        answering.Client.Shutdown(SocketShutdown.Send);
    }

    private async Task CarryAnswersAsync(TcpClient answering, TcpClient asking)
    {
        TaskCompletionSource? lost = null;
        await CopyAsync(answering, asking, () => (lost ??= Interlocked.Exchange(ref _losing, null)) is not null);
        asking.Close();
        lost?.SetResult();
    }

    private static async Task CopyAsync(TcpClient from, TcpClient to, Func<bool>? isLost = null)
    {
        var buffer = new byte[64 * 1024];
        try
        {
            while (await from.GetStream().ReadAsync(buffer) is > 0 and var count)
            {
                if (isLost?.Invoke() == true)
                {
                    to.Close();
                }
                else
                {
                    await to.GetStream().WriteAsync(buffer.AsMemory(0, count));
                }
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or InvalidOperationException)
        {
            // One side has closed.
        }
    }
}
