using OrleansBroker.Storage.Files;

namespace OrleansBroker.Simulation;

internal sealed class SimulatedMappedFile(SimulatedDisk disk, SimulatedContent content, string path, byte[] bytes) : IMappedFile
{
    private readonly int _process = disk.Process;
    private bool _disposed;

    public string Path => path;

    public Span<byte> Span
    {
        get
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            return bytes;
        }
    }

    public void Flush()
    {
        lock (disk.Gate)
        {
            Check();
            disk.BeforeFlush(path);
            content.Flush();
        }
    }

    public void CloseAt(long length)
    {
        lock (disk.Gate)
        {
            Check();
            Unmap();
            disk.BeforeMutation($"unmap {path} at {length}");
            content.SetLength(length);
        }
    }

    public void Dispose()
    {
        lock (disk.Gate)
        {
            if (!_disposed && disk.Process == _process)
            {
                Unmap();
            }
        }
    }

    private void Unmap()
    {
        _disposed = true;
        content.Unmap();
    }

    private void Check()
    {
        disk.CheckAlive(_process);
        ObjectDisposedException.ThrowIf(_disposed, this);
    }
}
