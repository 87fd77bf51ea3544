using System.IO.MemoryMappedFiles;
using Microsoft.Win32.SafeHandles;

namespace OrleansBroker.Storage.Files;

/// <summary>
/// Holds the view only, no file descriptor. The file's blocks are allocated before it is mapped: a store into a hole of a
/// full disk would end the process (SIGBUS) instead of failing.
/// </summary>
internal sealed unsafe class LocalMappedFile : IMappedFile
{
    private readonly MemoryMappedViewAccessor _view;
    private readonly int _capacityBytes;
    private byte* _bytes;

    public LocalMappedFile(string path, int capacityBytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(capacityBytes);
        Path = path;
        _capacityBytes = capacityBytes;
        using var handle = File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
        Resize(path, handle, capacityBytes);
        using var mapping = MemoryMappedFile.CreateFromFile(
            handle, mapName: null, capacityBytes, MemoryMappedFileAccess.ReadWrite, HandleInheritability.None, leaveOpen: true);
        _view = mapping.CreateViewAccessor(0, capacityBytes);
        _view.SafeMemoryMappedViewHandle.AcquirePointer(ref _bytes);
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
        _view.Flush();
        using var handle = File.OpenHandle(Path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
        RandomAccess.FlushToDisk(handle);
    }

    public void CloseAt(long length)
    {
        Dispose();
        using var handle = File.OpenHandle(Path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
        RandomAccess.SetLength(handle, length);
    }

    public void Dispose()
    {
        if (_bytes is not null)
        {
            _bytes = null;
            _view.SafeMemoryMappedViewHandle.ReleasePointer();
            _view.Dispose();
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
}
