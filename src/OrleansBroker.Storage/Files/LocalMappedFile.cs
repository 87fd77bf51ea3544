using Microsoft.Win32.SafeHandles;

namespace OrleansBroker.Storage.Files;

/// <summary>
/// A shared map without a file descriptor. The runtime's own would wait for the disk (msync) whenever it is unmapped.
/// The file's blocks are allocated before it is mapped: a store into a hole of a full disk would end the process (SIGBUS)
/// instead of failing.
/// </summary>
internal sealed unsafe class LocalMappedFile : IMappedFile
{
    private readonly int _capacityBytes;
    private byte* _bytes;

    public LocalMappedFile(string path, int capacityBytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(capacityBytes);
        Path = path;
        _capacityBytes = capacityBytes;
        using var handle = OpenHandle(FileMode.OpenOrCreate);
        Resize(path, handle, capacityBytes);
        _bytes = Posix.Map(path, handle, capacityBytes);
    }

    public string Path { get; }

    public Span<byte> Span
    {
        get
        {
            ObjectDisposedException.ThrowIf(_bytes is null, this);
            return new Span<byte>(_bytes, _capacityBytes);
        }
    }

    public void Flush()
    {
        using var handle = OpenHandle(FileMode.Open);
        RandomAccess.FlushToDisk(handle);
    }

    public void CloseAt(long length)
    {
        Dispose();
        using var handle = OpenHandle(FileMode.Open);
        RandomAccess.SetLength(handle, length);
    }

    public void Dispose()
    {
        if (_bytes is not null)
        {
            Posix.Unmap(_bytes, _capacityBytes);
            _bytes = null;
        }
    }

    private static void Resize(string path, SafeFileHandle handle, int capacityBytes)
    {
        var length = RandomAccess.GetLength(handle);
        if (length > capacityBytes)
        {
            RandomAccess.SetLength(handle, capacityBytes);
        }
        else if (length < capacityBytes)
        {
            Posix.Allocate(path, handle, length, capacityBytes);
        }
    }

    private SafeFileHandle OpenHandle(FileMode mode) =>
        File.OpenHandle(Path, mode, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
}
