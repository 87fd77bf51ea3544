using OrleansBroker.Protocol;
using OrleansBroker.Storage.Checkpoints;
using OrleansBroker.Storage.Files;

namespace OrleansBroker.Storage;

/// <summary>A broker's data directory that is taken: no other process has it, and it is known whose it is. Nothing in it was looked at yet.</summary>
public sealed class DataDirectory : IDisposable
{
    private readonly IFileSystem _files;
    private readonly string _path;
    private readonly BrokerId _broker;
    private readonly IDisposable _lock;
    private readonly MetaProperties? _meta;
    private bool _isDisposed;

    private DataDirectory(IFileSystem files, string path, BrokerId broker, IDisposable directoryLock)
    {
        _files = files;
        _path = path;
        _broker = broker;
        _lock = directoryLock;
        _meta = MetaProperties.Read(files, path);
    }

    /// <summary>The cluster that it belongs to; null where it is new.</summary>
    public string? ClusterId => _meta?.ClusterId;

    /// <param name="path">Absolute; created where it does not exist.</param>
    /// <exception cref="DataDirectoryException">Another process has it, or it belongs to another broker.</exception>
    /// <exception cref="IOException">It cannot be read or written.</exception>
    public static DataDirectory Take(IFileSystem files, string path, BrokerId broker)
    {
        if (!files.DirectoryExists(path))
        {
            files.CreateDirectory(path);
            files.FlushDirectory(Path.GetDirectoryName(path)!);
        }

        var taken = files.TryLock($"{path}/{LogFileNames.Lock}") ?? throw new DataDirectoryException($"{path} is in use by another process");
        try
        {
            var directory = new DataDirectory(files, path, broker, taken);
            return directory._meta is null || directory._meta.Broker == broker
                ? directory
                : throw new DataDirectoryException($"{path} belongs to broker {directory._meta.Broker}, not to {broker}");
        }
        catch
        {
            taken.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        if (!_isDisposed)
        {
            _isDisposed = true;
            _lock.Dispose();
        }
    }

    /// <summary>Says in it that it belongs to a cluster, where it is new.</summary>
    /// <exception cref="DataDirectoryException">It belongs to another one.</exception>
    internal MetaProperties Join(string clusterId, Random random)
    {
        if (_meta is null)
        {
            var made = new MetaProperties(clusterId, _broker, random.NextGuid());
            made.Write(_files, _path);
            return made;
        }

        return _meta.ClusterId == clusterId ? _meta : throw new DataDirectoryException($"{_path} belongs to cluster {_meta.ClusterId}, not to {clusterId}");
    }
}
