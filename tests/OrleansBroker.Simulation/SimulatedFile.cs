using Microsoft.Win32.SafeHandles;
using OrleansBroker.Storage.Files;

namespace OrleansBroker.Simulation;

internal sealed class SimulatedFile(SimulatedDisk disk, SimulatedContent content, string path, bool writable) : IFile
{
    private readonly int _process = disk.Process;
    private bool _disposed;

    public string Path => path;

    public SafeFileHandle? Handle => null;

    public long Length
    {
        get
        {
            lock (disk.Gate)
            {
                Check();
                return content.Length;
            }
        }
    }

    public int Read(long position, Span<byte> destination)
    {
        lock (disk.Gate)
        {
            Check();
            disk.BeforeRead(path);
            ArgumentOutOfRangeException.ThrowIfNegative(position);
            if (position >= content.Length)
            {
                return 0;
            }

            var bytes = Math.Min(destination.Length, content.Length - (int)position);
            content.Bytes.Slice((int)position, bytes).CopyTo(destination);
            return bytes;
        }
    }

    public void Write(long position, ReadOnlySpan<byte> bytes)
    {
        lock (disk.Gate)
        {
            CheckWritable();
            ArgumentOutOfRangeException.ThrowIfNegative(position);
            disk.Write(path, content, position, bytes);
        }
    }

    public void SetLength(long length)
    {
        lock (disk.Gate)
        {
            CheckWritable();
            ArgumentOutOfRangeException.ThrowIfNegative(length);
            disk.BeforeMutation($"set length {length} of {path}");
            disk.TakeSpace(length - content.Length);
            content.SetLength(length);
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

    public void Dispose() => _disposed = true;

    private void CheckWritable()
    {
        Check();
        if (!writable)
        {
            throw new IOException($"{path} was opened for reading");
        }
    }

    private void Check()
    {
        disk.CheckAlive(_process);
        ObjectDisposedException.ThrowIf(_disposed, this);
    }
}
