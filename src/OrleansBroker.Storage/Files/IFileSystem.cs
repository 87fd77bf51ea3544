namespace OrleansBroker.Storage.Files;

/// <summary>
/// The file port: everything that Storage asks of a disk. <c>LocalFileSystem</c> is the real one; the simulated disk
/// of the tests is the other, and loses, tears and refuses what a real disk may. All I/O failures are <see cref="IOException"/>;
/// <see cref="DiskFullException"/> where there is no room. Paths are absolute.
/// </summary>
public interface IFileSystem
{
    /// <summary>Opens a file for reading and writing, and creates it where it does not exist.</summary>
    IFile Open(string path);

    /// <summary>Opens an existing file for reading; <see cref="FileNotFoundException"/> where there is none.</summary>
    IFile OpenRead(string path);

    /// <summary>Maps a file of exactly <paramref name="capacityBytes"/> bytes for reading and writing: creates, extends (with zeros) or cuts it to that size.</summary>
    IMappedFile Map(string path, int capacityBytes);

    bool FileExists(string path);

    bool DirectoryExists(string path);

    void CreateDirectory(string path);

    /// <summary>Removes a file, if it exists.</summary>
    void DeleteFile(string path);

    /// <summary>Removes a directory and all in it, if it exists.</summary>
    void DeleteDirectory(string path);

    /// <summary>Renames a file, replacing one that has the new name; atomic.</summary>
    void RenameFile(string from, string to);

    void RenameDirectory(string from, string to);

    /// <summary>The names (not paths) of the files directly in a directory, in no order.</summary>
    IReadOnlyList<string> ListFiles(string directory);

    /// <summary>The names (not paths) of the directories directly in a directory, in no order.</summary>
    IReadOnlyList<string> ListDirectories(string directory);

    /// <summary>Makes creations, renames and deletions directly in a directory survive a power loss.</summary>
    void FlushDirectory(string path);

    /// <summary>Takes a lock that ends with the process or with disposal; null where another process holds it.</summary>
    IDisposable? TryLock(string path);

    /// <summary>Bytes that can still be written where <paramref name="path"/> lies, and bytes there in all.</summary>
    (long AvailableBytes, long TotalBytes) Space(string path);
}
