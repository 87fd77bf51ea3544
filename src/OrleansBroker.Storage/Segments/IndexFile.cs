using OrleansBroker.Storage.Files;

namespace OrleansBroker.Storage.Segments;

/// <summary>
/// A file of entries of one size, mapped into memory when it is first added to or searched. While entries are added the
/// file is longer than they are, with zeros behind; <see cref="Seal"/> cuts it. Guarded by its segment's lock.
/// An index may lack entries, which only makes a search walk further: so a full disk is no error here.
/// </summary>
internal abstract class IndexFile(IFileSystem files, string path, int entryBytes) : IDisposable
{
    private const int FirstMapBytes = 4096;

    private IMappedFile? _map;
    private int _entries;
    private bool _loaded;

    public string Path { get; private set; } = path;

    public int Count
    {
        get
        {
            Load();
            return _entries;
        }
    }

    protected int EntryBytes => entryBytes;

    /// <summary>An index of a new segment: there is no file to look for.</summary>
    public void StartEmpty() => _loaded = true;

    public bool IsFull(int bytesMax) => _loaded && _entries >= bytesMax / entryBytes;

    protected ReadOnlySpan<byte> Entry(int index) => _map!.Span.Slice(index * entryBytes, entryBytes);

    /// <summary>Room for one more entry, or empty where there is none to be had.</summary>
    protected Span<byte> NewEntry(int bytesMax)
    {
        Load();
        if (_entries >= bytesMax / entryBytes || !TryReserve(bytesMax))
        {
            return default;
        }

        return _map!.Span.Slice(_entries++ * entryBytes, entryBytes);
    }

    public void Truncate(int entries)
    {
        Load();
        if (_map is not null)
        {
            _map.Span[(entries * entryBytes)..].Clear();
        }

        _entries = entries;
    }

    /// <summary>Cuts the file to its entries and unmaps it.</summary>
    public void Seal()
    {
        if (_map is null)
        {
            return;
        }

        var usedBytes = _entries * entryBytes;
        if (_map.Span.Length == usedBytes)
        {
            _map.Dispose();
        }
        else
        {
            _map.CloseAt(usedBytes);
        }

        _map = null;
    }

    /// <summary>Makes the file durable, entries that were added through the map included. Needs no lock.</summary>
    public void Flush()
    {
        if (files.FileExists(Path))
        {
            files.FlushFile(Path);
        }
    }

    public void Dispose()
    {
        _map?.Dispose();
        _map = null;
        _loaded = false;
    }

    /// <summary>Renames the file if there is one. A map stays valid, but is sealed under the new name.</summary>
    public void Rename(string newPath)
    {
        Seal();
        if (files.FileExists(Path))
        {
            files.RenameFile(Path, newPath);
        }

        Path = newPath;
    }

    /// <summary>The file lies elsewhere now, because its directory does.</summary>
    public void MoveTo(string newPath)
    {
        Seal();
        Path = newPath;
    }

    public void Delete()
    {
        Dispose();
        files.DeleteFile(Path);
        _entries = 0;
        _loaded = true;
    }

    /// <summary>Finds the entries that are in the file, and maps them.</summary>
    protected void Load()
    {
        if (_loaded && (_map is not null || _entries == 0))
        {
            return;
        }

        var length = files.FileExists(Path) ? files.LengthOf(Path) : 0;
        var entries = (int)Math.Min(length / entryBytes, int.MaxValue / entryBytes);
        if (entries > 0)
        {
            _map = files.Map(Path, entries * entryBytes);
            while (entries > 0 && Entry(entries - 1).IndexOfAnyExcept((byte)0) < 0)
            {
                entries--;
            }
        }

        _entries = entries;
        _loaded = true;
    }

    private bool TryReserve(int bytesMax)
    {
        var used = _entries * entryBytes;
        var mapped = _map?.Span.Length ?? 0;
        if (used + entryBytes <= mapped)
        {
            return true;
        }

        var wanted = Math.Min(bytesMax, Math.Max(FirstMapBytes, mapped * 2)) / entryBytes * entryBytes;
        try
        {
            _map?.Dispose();
            _map = null;
            _map = files.Map(Path, wanted);
            return true;
        }
        catch (DiskFullException)
        {
            // Whatever the old map held is still in the file; without it the next use loads it again.
            return false;
        }
    }
}
