namespace OrleansBroker.Embedded;

/// <summary>Tells one boot of the machine from the next: where it is unchanged, the page cache has survived whatever ended the process.</summary>
internal static class BootId
{
    private const string LinuxPath = "/proc/sys/kernel/random/boot_id";

    /// <summary>Empty where the system does not say.</summary>
    public static string Read()
    {
        try
        {
            return File.ReadAllText(LinuxPath).Trim();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return string.Empty;
        }
    }
}
