namespace OrleansBroker.Storage.Files;

/// <summary>The disk of this machine, which is a Unix: errno values, <c>flock(2)</c> and <c>mmap(2)</c> are taken for granted.</summary>
public sealed class LocalFileSystem : IFileSystem
{
    public static readonly LocalFileSystem Instance = new();

    private const FileShare ShareAll = FileShare.ReadWrite | FileShare.Delete;

    public IFile Open(string path) => new LocalFile(path, File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, ShareAll));

    public IFile OpenRead(string path) => new LocalFile(path, File.OpenHandle(path, FileMode.Open, FileAccess.Read, ShareAll));

    public IMappedFile Map(string path, int capacityBytes) => new LocalMappedFile(path, capacityBytes);

    public bool FileExists(string path) => File.Exists(path);

    public bool DirectoryExists(string path) => Directory.Exists(path);

    public void CreateDirectory(string path) => DiskFull.Translate(path, static path => Directory.CreateDirectory(path));

    public void DeleteFile(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (DirectoryNotFoundException)
        {
            // Not there is what was asked for.
        }
    }

    public void DeleteDirectory(string path)
    {
        if (Directory.Exists(path))
        {
            Directory.Delete(path, recursive: true);
        }
    }

    public void RenameFile(string from, string to) => File.Move(from, to, overwrite: true);

    public void RenameDirectory(string from, string to) => Directory.Move(from, to);

    public IReadOnlyList<string> ListFiles(string directory) => Names(Directory.EnumerateFiles(directory));

    public IReadOnlyList<string> ListDirectories(string directory) => Names(Directory.EnumerateDirectories(directory));

    public void FlushDirectory(string path) => Posix.FlushDirectory(path);

    public IDisposable? TryLock(string path)
    {
        try
        {
            // An exclusive share is flock(2) on Unix.
            return File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e) when (e is not (DirectoryNotFoundException or PathTooLongException))
        {
            return null;
        }
    }

    public (long AvailableBytes, long TotalBytes) Space(string path)
    {
        var drive = new DriveInfo(path);
        return (drive.AvailableFreeSpace, drive.TotalSize);
    }

    private static List<string> Names(IEnumerable<string> paths)
    {
        var names = new List<string>();
        foreach (var path in paths)
        {
            names.Add(Path.GetFileName(path));
        }

        return names;
    }
}
