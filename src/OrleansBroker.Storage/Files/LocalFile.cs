using Microsoft.Win32.SafeHandles;

namespace OrleansBroker.Storage.Files;

internal sealed class LocalFile(string path, SafeFileHandle handle) : IFile
{
    public string Path => path;

    public SafeFileHandle? Handle => handle;

    public long Length => RandomAccess.GetLength(handle);

    public int Read(long position, Span<byte> destination)
    {
        var read = 0;
        while (read < destination.Length)
        {
            var count = RandomAccess.Read(handle, destination[read..], position + read);
            if (count == 0)
            {
                break;
            }

            read += count;
        }

        return read;
    }

    public void Write(long position, ReadOnlySpan<byte> bytes)
    {
        try
        {
            RandomAccess.Write(handle, bytes, position);
        }
        catch (IOException e) when (DiskFull.IsDiskFull(e))
        {
            throw DiskFull.Exception(path, e);
        }
    }

    public void SetLength(long length)
    {
        try
        {
            RandomAccess.SetLength(handle, length);
        }
        catch (IOException e) when (DiskFull.IsDiskFull(e))
        {
            throw DiskFull.Exception(path, e);
        }
    }

    public void Flush() => RandomAccess.FlushToDisk(handle);

    public void Dispose() => handle.Dispose();
}
