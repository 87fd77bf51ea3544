using System.Text;
using OrleansBroker.Storage.Files;

namespace OrleansBroker.Storage;

/// <summary>
/// Which boot of the machine a data directory was last written in: where a start finds its own, the page cache has survived the
/// stop, and with it all that was acknowledged. Withdrawn for good as soon as a log fails: what of its page cache is still what was
/// acknowledged, nobody knows.
/// </summary>
internal sealed class BootMark(IFileSystem files, string directory, string bootId)
{
    private readonly Lock _gate = new();
    private bool _isWithdrawn;

    public bool IsOfThisBoot => bootId.Length > 0 && files.TryReadText($"{directory}/{LogFileNames.BootId}") == bootId;

    /// <exception cref="IOException">It cannot be written.</exception>
    public void Write()
    {
        lock (_gate)
        {
            if (!_isWithdrawn)
            {
                files.Replace(directory, LogFileNames.BootId, Encoding.UTF8.GetBytes(bootId), flush: true);
            }
        }
    }

    /// <exception cref="IOException">It cannot be written, and is to be tried again.</exception>
    public void Withdraw()
    {
        lock (_gate)
        {
            if (!_isWithdrawn)
            {
                files.Replace(directory, LogFileNames.BootId, string.Empty, flush: true);
                _isWithdrawn = true;
            }
        }
    }
}
