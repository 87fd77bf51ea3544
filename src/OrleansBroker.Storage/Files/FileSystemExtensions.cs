using System.Text;

namespace OrleansBroker.Storage.Files;

/// <summary>Small text files, read and replaced whole.</summary>
internal static class FileSystemExtensions
{
    /// <summary>A checkpoint of a hundred thousand partitions takes less; anything bigger is no file of ours.</summary>
    private const int SmallFileBytesMax = 64 << 20;

    /// <summary>The whole file, or null where there is none.</summary>
    public static byte[]? TryReadAll(this IFileSystem files, string path)
    {
        if (!files.FileExists(path))
        {
            return null;
        }

        using var file = files.OpenRead(path);
        var bytes = new byte[Math.Min(file.Length, SmallFileBytesMax)];
        var read = file.Read(0, bytes);
        return read == bytes.Length ? bytes : bytes[..read];
    }

    public static string? TryReadText(this IFileSystem files, string path) =>
        files.TryReadAll(path) is { } bytes ? Encoding.UTF8.GetString(bytes) : null;

    public static long LengthOf(this IFileSystem files, string path)
    {
        using var file = files.OpenRead(path);
        return file.Length;
    }

    public static void FlushFile(this IFileSystem files, string path)
    {
        using var file = files.Open(path);
        file.Flush();
    }

    /// <summary>Replaces a file as a whole: there is the old one or the new one at any time, after a power loss too if flushed.</summary>
    public static void Replace(this IFileSystem files, string directory, string name, ReadOnlySpan<byte> bytes, bool flush)
    {
        var path = $"{directory}/{name}";
        var temporary = path + LogFileNames.Temporary;
        using (var file = files.Open(temporary))
        {
            file.SetLength(0);
            file.Write(0, bytes);
            if (flush)
            {
                file.Flush();
            }
        }

        files.RenameFile(temporary, path);
        if (flush)
        {
            files.FlushDirectory(directory);
        }
    }

    public static void Replace(this IFileSystem files, string directory, string name, string text, bool flush) =>
        files.Replace(directory, name, Encoding.UTF8.GetBytes(text), flush);
}
