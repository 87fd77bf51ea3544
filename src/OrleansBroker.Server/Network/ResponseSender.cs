using System.Buffers;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using OrleansBroker.Protocol.Records;

namespace OrleansBroker.Server.Network;

/// <summary>
/// Writes one response to a socket: with one send where all of it is in the buffer, else alternating between the buffer's bytes
/// and stretches of files. Waiting for room is always left to the socket.
/// </summary>
internal sealed class ResponseSender(Socket socket)
{
    /// <summary>What is copied through the process when sendfile finds no room: the socket waits with it until there is.</summary>
    private const int CopyBytes = 16 << 10;

    private long _activityMs;

    /// <summary>When the peer last took bytes, by <see cref="Environment.TickCount64"/>.</summary>
    public long ActivityMs => Volatile.Read(ref _activityMs);

    public ValueTask SendAsync(ResponseFrame response)
    {
        Volatile.Write(ref _activityMs, Environment.TickCount64);
        return response.Splices.Count == 0 ? SendAllAsync(response.Head) : SendSplicedAsync(response);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask SendSplicedAsync(ResponseFrame response)
    {
        var head = response.Head;
        var done = 0;
        foreach (var splice in response.Splices)
        {
            await SendBeforeSpliceAsync(head[done..splice.At]);
            await SendRecordsAsync(splice.Records);
            done = splice.At;
        }

        if (done < head.Length)
        {
            await SendAllAsync(head[done..]);
        }
    }

    private ValueTask SendBeforeSpliceAsync(ReadOnlyMemory<byte> bytes)
    {
        if (bytes.IsEmpty || !NativeSocket.IsSupported)
        {
            return SendAllAsync(bytes);
        }

        var sent = NativeSocket.SendWithMore(socket, bytes.Span);
        return sent == bytes.Length ? ValueTask.CompletedTask : SendAllAsync(bytes[Math.Max(sent, 0)..]);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask SendRecordsAsync(RecordSet records)
    {
        var source = records.Source!;
        var position = records.Position;
        var left = records.Length;
        while (left > 0)
        {
            var sent = NativeSocket.IsSupported && source.Handle is { } file
                ? NativeSocket.SendFile(socket, file, position, left)
                : -1;
            if (sent < 0)
            {
                sent = await SendCopyAsync(source, position, Math.Min(left, CopyBytes));
            }

            if (sent == 0)
            {
                throw new IOException($"a segment file ended {left} bytes early");
            }

            Volatile.Write(ref _activityMs, Environment.TickCount64);
            position += sent;
            left -= sent;
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<int> SendCopyAsync(IRecordSource source, long position, int count)
    {
        var chunk = ArrayPool<byte>.Shared.Rent(count);
        try
        {
            var read = source.Read(position, chunk.AsSpan(0, count));
            await SendAllAsync(chunk.AsMemory(0, read));
            return read;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(chunk);
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask SendAllAsync(ReadOnlyMemory<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            var sent = await socket.SendAsync(bytes, SocketFlags.None);
            Volatile.Write(ref _activityMs, Environment.TickCount64);
            bytes = bytes[sent..];
        }
    }
}
