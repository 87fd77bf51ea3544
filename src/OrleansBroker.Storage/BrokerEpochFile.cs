using System.Globalization;
using OrleansBroker.Storage.Files;

namespace OrleansBroker.Storage;

/// <summary>The greatest broker epoch that a data directory was ever used under: the store of the documents may forget it.</summary>
/// <param name="directory">The data directory.</param>
public sealed class BrokerEpochFile(IFileSystem files, string directory)
{
    /// <summary>0 where there was none.</summary>
    /// <exception cref="DataDirectoryException">The file is not what was written.</exception>
    public long Read() => files.TryReadText($"{directory}/{LogFileNames.BrokerEpoch}") is not { } text ? 0
        : long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var epoch) ? epoch
        : throw new DataDirectoryException($"{directory}/{LogFileNames.BrokerEpoch} is not a number");

    /// <summary>Returns when it is on the disk.</summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    public void Write(long epoch) => files.Replace(directory, LogFileNames.BrokerEpoch, epoch.ToString(CultureInfo.InvariantCulture), flush: true);
}
