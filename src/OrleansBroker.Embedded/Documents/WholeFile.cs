using OrleansBroker.Storage.Files;

namespace OrleansBroker.Embedded.Documents;

/// <summary>Files that are read at once.</summary>
internal static class WholeFile
{
    public static byte[] Read(IFileSystem files, string path)
    {
        using var file = files.OpenRead(path);
        var bytes = new byte[file.Length];
        var read = 0;
        while (read < bytes.Length && file.Read(read, bytes.AsSpan(read)) is > 0 and var count)
        {
            read += count;
        }

        return read == bytes.Length ? bytes : throw new IOException($"{path} ended {bytes.Length - read} bytes early");
    }
}
