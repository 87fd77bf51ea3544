namespace OrleansBroker.Storage.Files;

/// <summary>Tells a full disk from other I/O errors, which the runtime reports alike.</summary>
internal static class DiskFull
{
    private const int NoSpaceErrno = 28;
    private const int QuotaErrnoLinux = 122;
    private const int QuotaErrnoMac = 69;

    public static void Translate(string path, Action<string> action)
    {
        try
        {
            action(path);
        }
        catch (IOException e) when (IsDiskFull(e))
        {
            throw Exception(path, e);
        }
    }

    public static bool IsDiskFull(IOException exception) =>
        exception is not DiskFullException && IsDiskFull(exception.HResult);

    public static bool IsDiskFull(int errno) => errno is NoSpaceErrno || errno == (OperatingSystem.IsMacOS() ? QuotaErrnoMac : QuotaErrnoLinux);

    public static DiskFullException Exception(string path, Exception? inner = null) =>
        new($"no room on the disk for {path}", inner ?? new IOException(path));
}
