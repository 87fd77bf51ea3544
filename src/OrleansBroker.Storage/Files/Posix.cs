using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace OrleansBroker.Storage.Files;

/// <summary>The system calls that the runtime has no face for, or not the right one.</summary>
internal static unsafe partial class Posix
{
    private const int ReadOnly = 0;
    private const int InvalidArgument = 22;
    private const int ProtectReadWrite = 3;
    private const int MapShared = 1;

    /// <summary>Extends a file to <paramref name="length"/> with zeros that have their blocks.</summary>
    public static void Allocate(string path, SafeFileHandle handle, long from, long length)
    {
        if (OperatingSystem.IsLinux())
        {
            // The C library writes zeros where the file system cannot allocate.
            var error = PosixFallocate(handle, from, length - from);
            if (DiskFull.IsDiskFull(error))
            {
                RandomAccess.SetLength(handle, from);
                throw DiskFull.Exception(path);
            }

            if (error is not (0 or InvalidArgument))
            {
                throw new IOException($"cannot extend {path} to {length} bytes (errno {error})");
            }
        }

        if (RandomAccess.GetLength(handle) < length)
        {
            RandomAccess.SetLength(handle, length);
        }
    }

    public static void FlushDirectory(string path)
    {
        var descriptor = Open(path, ReadOnly);
        if (descriptor < 0)
        {
            throw new IOException($"cannot open directory {path} (errno {Marshal.GetLastPInvokeError()})");
        }

        var failed = Fsync(descriptor) != 0;
        var error = Marshal.GetLastPInvokeError();
        _ = Close(descriptor);
        if (failed && error != InvalidArgument)
        {
            throw new IOException($"cannot flush directory {path} (errno {error})");
        }
    }

    /// <summary>Maps the beginning of a file for reading and writing.</summary>
    public static byte* Map(string path, SafeFileHandle handle, int bytes)
    {
        var mapped = Mmap(0, (nuint)bytes, ProtectReadWrite, MapShared, handle, 0);
        return mapped != -1 ? (byte*)mapped : throw new IOException($"cannot map {path} (errno {Marshal.GetLastPInvokeError()})");
    }

    public static void Unmap(byte* mapped, int bytes) => _ = Munmap((nint)mapped, (nuint)bytes);

    [LibraryImport("libc", EntryPoint = "mmap", SetLastError = true)]
    private static partial nint Mmap(nint address, nuint length, int protection, int flags, SafeFileHandle handle, long offset);

    [LibraryImport("libc", EntryPoint = "munmap")]
    private static partial int Munmap(nint address, nuint length);

    [LibraryImport("libc", EntryPoint = "posix_fallocate64")]
    private static partial int PosixFallocate(SafeFileHandle handle, long offset, long length);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Fsync(int descriptor);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    private static partial int Close(int descriptor);
}
