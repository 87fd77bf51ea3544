using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace OrleansBroker.Storage.Files;

/// <summary>The system calls that the runtime has no face for.</summary>
internal static partial class Posix
{
    private const int ReadOnly = 0;
    private const int InvalidArgument = 22;

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

    [LibraryImport("libc", EntryPoint = "posix_fallocate64")]
    private static partial int PosixFallocate(SafeFileHandle handle, long offset, long length);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Fsync(int descriptor);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    private static partial int Close(int descriptor);
}
