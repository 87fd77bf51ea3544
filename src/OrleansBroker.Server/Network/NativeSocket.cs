using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace OrleansBroker.Server.Network;

/// <summary>The two system calls that .NET's sockets do not offer, on Linux. Both return at once: -1 where the socket has no room.</summary>
internal static partial class NativeSocket
{
    private const int MsgDontWait = 0x40;
    private const int MsgNoSignal = 0x4000;
    private const int MsgMore = 0x8000;
    private const int Eintr = 4;
    private const int Eagain = 11;

    /// <summary>Linux's own limit is a little below 2 GiB; a piece this large is already worth a system call.</summary>
    private const int SendfileBytesMax = 8 << 20;

    public static bool IsSupported { get; } = OperatingSystem.IsLinux() && Environment.Is64BitProcess;

    /// <summary>Sends bytes that more will follow, so that the kernel does not make a packet of them alone.</summary>
    /// <returns>Bytes taken, or -1 where the socket has no room.</returns>
    /// <exception cref="IOException">The connection is broken.</exception>
    public static int SendWithMore(Socket socket, ReadOnlySpan<byte> bytes)
    {
        while (true)
        {
            var sent = (int)Send(socket.SafeHandle, bytes, (nuint)bytes.Length, MsgDontWait | MsgNoSignal | MsgMore);
            if (sent >= 0 || !MayRetry("send"))
            {
                return sent;
            }
        }
    }

    /// <summary>Moves bytes of a file into a socket that does not block, without copying them through this process.</summary>
    /// <returns>Bytes taken, 0 at the end of the file, or -1 where the socket has no room.</returns>
    /// <exception cref="IOException">The connection is broken, or the file cannot be read.</exception>
    public static int SendFile(Socket socket, SafeFileHandle file, long position, int count)
    {
        while (true)
        {
            var from = position;
            var sent = (int)Sendfile(socket.SafeHandle, file, ref from, (nuint)Math.Min(count, SendfileBytesMax));
            if (sent >= 0 || !MayRetry("sendfile"))
            {
                return sent;
            }
        }
    }

    /// <summary>True after EINTR, false after EAGAIN; all else is the end of the connection.</summary>
    private static bool MayRetry(string call)
    {
        var error = Marshal.GetLastPInvokeError();
        return error switch
        {
            Eintr => true,
            Eagain => false,
            _ => throw new IOException($"{call}: {Marshal.GetPInvokeErrorMessage(error)}"),
        };
    }

    [LibraryImport("libc", EntryPoint = "send", SetLastError = true)]
    private static partial nint Send(SafeSocketHandle socket, ReadOnlySpan<byte> bytes, nuint count, int flags);

    [LibraryImport("libc", EntryPoint = "sendfile", SetLastError = true)]
    private static partial nint Sendfile(SafeSocketHandle socket, SafeFileHandle file, ref long position, nuint count);
}
