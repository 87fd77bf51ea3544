using OrleansBroker.Storage.Files;

namespace OrleansBroker.Simulation;

/// <summary>
/// A disk in memory that loses, tears and refuses what a real one may, always in the same way for the same seed.
/// Running code sees the page cache. A write is durable after a flush of its file; a creation, rename or deletion after
/// <see cref="FlushDirectory"/> of its directory (a flush of the file alone does not keep its name).
/// <code>
///                      page cache   unflushed writes   names   handles, maps, locks
///   ProcessKill()      stays        stay               stay    end
///   PowerLoss()        gone         some, in part      some    end
/// </code>
/// After a crash every call by the old process fails with <see cref="SimulatedCrashException"/>, until one of the two says
/// what became of the disk.
/// </summary>
public sealed class SimulatedDisk : IFileSystem
{
    private readonly Random _random;
    private readonly HashSet<string> _locks = [];
    private readonly SimulatedTree _tree;
    private long _crashAt = long.MaxValue;
    private int _tornBytes;
    private bool _crashed;

    public SimulatedDisk(int seed)
        : this(seed, new SimulatedDirectory())
    {
    }

    private SimulatedDisk(int seed, SimulatedDirectory root)
    {
        Seed = seed;
        _random = new Random(seed);
        _tree = new SimulatedTree(root);
    }

    public int Seed { get; }

    public DiskFaults Faults { get; set; } = new();

    /// <summary>Operations so far that changed files, names or what is durable. Writes to mapped memory cannot be counted.</summary>
    public long Mutations { get; private set; }

    /// <summary>Bytes of all files together.</summary>
    public long UsedBytes => _tree.UsedBytes;

    /// <summary>Whether a planned crash has come, and nobody has said yet what became of the disk.</summary>
    public bool HasCrashed
    {
        get
        {
            lock (Gate)
            {
                return _crashed;
            }
        }
    }

    /// <summary>What the crash interrupted, for messages of tests.</summary>
    public string CrashedAt { get; private set; } = "";

    internal Lock Gate { get; } = new();

    /// <summary>Counts the simulated processes; a handle of an earlier one is dead.</summary>
    internal int Process { get; private set; }

    /// <summary>
    /// Lets the <paramref name="n"/>-th mutating operation from now (1 is the next) crash instead of taking effect; if it is a
    /// write, its first <paramref name="tornBytes"/> bytes are written.
    /// </summary>
    public void CrashAfter(long n, int tornBytes = 0)
    {
        lock (Gate)
        {
            _crashAt = Mutations + n;
            _tornBytes = tornBytes;
        }
    }

    /// <summary>Ends the process, as <c>kill -9</c> does: handles, maps and locks end, all that was written stays.</summary>
    public void ProcessKill()
    {
        lock (Gate)
        {
            EndProcess();
        }
    }

    /// <summary>Ends the machine: of what was not flushed, <see cref="Faults"/> says by chance how much is left.</summary>
    public void PowerLoss()
    {
        lock (Gate)
        {
            EndProcess();
            _tree.Root.LosePower(_random, Faults);
        }
    }

    /// <summary>Flips one bit of a file, in the page cache and on the platter.</summary>
    public void FlipBit(string path, long bit)
    {
        lock (Gate)
        {
            _tree.File(path).FlipBit(bit);
        }
    }

    /// <summary>A copy as the disk is now, with what is not flushed, without handles, locks and planned crashes.</summary>
    public SimulatedDisk Fork(int seed)
    {
        lock (Gate)
        {
            return new SimulatedDisk(seed, (SimulatedDirectory)_tree.Root.Fork()) { Faults = Faults };
        }
    }

    /// <summary>One line a file: its path, length, and a star where it has unflushed bytes.</summary>
    public string Dump(string directory = "/")
    {
        lock (Gate)
        {
            return _tree.Dump(directory);
        }
    }

    /// <summary>The bytes of a file as running code sees them.</summary>
    public byte[] ReadAll(string path)
    {
        lock (Gate)
        {
            return _tree.File(path).Bytes.ToArray();
        }
    }

    /// <summary>Replaces the bytes of a file, durably and past all faults.</summary>
    public void WriteAll(string path, ReadOnlySpan<byte> bytes)
    {
        lock (Gate)
        {
            var parent = _tree.Parent(path, out var name);
            if (!parent.Entries.ContainsKey(name))
            {
                parent.Link(name, new SimulatedContent());
            }

            parent.Flush();
            var content = _tree.File(path);
            content.SetLength(0);
            content.Write(0, bytes);
            content.Flush();
        }
    }

    public IFile Open(string path)
    {
        lock (Gate)
        {
            return new SimulatedFile(this, OpenOrCreate(path), path, writable: true);
        }
    }

    public IFile OpenRead(string path)
    {
        lock (Gate)
        {
            CheckAlive(Process);
            return new SimulatedFile(this, _tree.File(path), path, writable: false);
        }
    }

    public IMappedFile Map(string path, int capacityBytes)
    {
        lock (Gate)
        {
            var content = OpenOrCreate(path);
            if (content.Length != capacityBytes)
            {
                BeforeMutation($"map {path}");
                TakeSpace(capacityBytes - content.Length);
            }

            return new SimulatedMappedFile(this, content, path, content.Map(capacityBytes));
        }
    }

    public bool FileExists(string path)
    {
        lock (Gate)
        {
            CheckAlive(Process);
            return _tree.Find(path) is SimulatedContent;
        }
    }

    public bool DirectoryExists(string path)
    {
        lock (Gate)
        {
            CheckAlive(Process);
            return _tree.Find(path) is SimulatedDirectory;
        }
    }

    public void CreateDirectory(string path)
    {
        lock (Gate)
        {
            CheckAlive(Process);
            var directory = _tree.Root;
            foreach (var name in SimulatedTree.Names(path))
            {
                if (!directory.Entries.TryGetValue(name, out var node))
                {
                    BeforeMutation($"create {path}");
                    directory.Link(name, node = new SimulatedDirectory());
                }

                directory = node as SimulatedDirectory ?? throw new IOException($"{path} lies below a file");
            }
        }
    }

    public void DeleteFile(string path)
    {
        lock (Gate)
        {
            CheckAlive(Process);
            if (_tree.Find(path) is SimulatedContent)
            {
                BeforeMutation($"delete {path}");
                _tree.Parent(path, out var name).Unlink(name);
            }
        }
    }

    public void DeleteDirectory(string path)
    {
        lock (Gate)
        {
            CheckAlive(Process);
            if (_tree.Find(path) is not SimulatedDirectory directory)
            {
                return;
            }

            foreach (var (name, node) in SimulatedTree.Sorted(directory))
            {
                if (node is SimulatedDirectory)
                {
                    DeleteDirectory($"{path}/{name}");
                }
                else
                {
                    DeleteFile($"{path}/{name}");
                }
            }

            BeforeMutation($"delete {path}");
            _tree.Parent(path, out var last).Unlink(last);
        }
    }

    public void RenameFile(string from, string to)
    {
        lock (Gate)
        {
            CheckAlive(Process);
            _tree.File(from);
            Rename(from, to, replace: _tree.Find(to) is null or SimulatedContent);
        }
    }

    public void RenameDirectory(string from, string to)
    {
        lock (Gate)
        {
            CheckAlive(Process);
            _tree.Directory(from);
            Rename(from, to, replace: _tree.Find(to) is null);
        }
    }

    public IReadOnlyList<string> ListFiles(string directory) => List<SimulatedContent>(directory);

    public IReadOnlyList<string> ListDirectories(string directory) => List<SimulatedDirectory>(directory);

    public void FlushDirectory(string path)
    {
        lock (Gate)
        {
            CheckAlive(Process);
            var directory = _tree.Directory(path);
            BeforeFlush(path);
            directory.Flush();
        }
    }

    public IDisposable? TryLock(string path)
    {
        lock (Gate)
        {
            OpenOrCreate(path);
            return _locks.Add(path) ? new HeldLock(this, path) : null;
        }
    }

    public (long AvailableBytes, long TotalBytes) Space(string path)
    {
        lock (Gate)
        {
            CheckAlive(Process);
            return (Math.Max(0, Faults.CapacityBytes - _tree.UsedBytes), Faults.CapacityBytes);
        }
    }

    internal void CheckAlive(int process)
    {
        if (_crashed || process != Process)
        {
            throw new SimulatedCrashException();
        }
    }

    internal void BeforeMutation(string what)
    {
        if (CountMutation(what))
        {
            throw new SimulatedCrashException($"crashed before: {what}");
        }
    }

    internal void BeforeRead(string path) => FailByChance(Faults.ReadErrorChance, path, "read");

    internal void BeforeFlush(string path)
    {
        BeforeMutation($"flush {path}");
        if (Faults.FlushMs > 0)
        {
            Faults.Pause?.Invoke(Faults.FlushMs);
        }

        FailByChance(Faults.FlushErrorChance, path, "flush");
    }

    internal void Write(string path, SimulatedContent content, long position, ReadOnlySpan<byte> bytes)
    {
        if (CountMutation($"write {bytes.Length} bytes at {position} of {path}"))
        {
            content.Write(position, bytes[..Math.Min(_tornBytes, bytes.Length)]);
            throw new SimulatedCrashException($"crashed in: {CrashedAt}");
        }

        if (Chance(Faults.WriteErrorChance) && Concerns(path))
        {
            content.Write(position, bytes[.._random.Next(bytes.Length + 1)]);
            throw new IOException($"simulated error: cannot write {path}");
        }

        var grown = Math.Max(0, position + bytes.Length - content.Length);
        var missing = Math.Max(0, grown - AvailableBytes());
        if (missing > 0)
        {
            content.Write(position, bytes[..(int)Math.Max(0, bytes.Length - missing)]);
            throw new DiskFullException($"no room for {missing} bytes of {path}");
        }

        content.Write(position, bytes);
    }

    internal void TakeSpace(long bytes)
    {
        if (bytes > 0 && bytes > AvailableBytes())
        {
            throw new DiskFullException($"no room for {bytes} bytes");
        }
    }

    private bool CountMutation(string what)
    {
        Mutations++;
        if (Mutations != _crashAt)
        {
            return false;
        }

        CrashedAt = what;
        _crashed = true;
        _tree.Root.Detach();
        return true;
    }

    private void EndProcess()
    {
        _tree.Root.Detach();
        _locks.Clear();
        _crashAt = long.MaxValue;
        _crashed = false;
        Process++;
    }

    private void FailByChance(double chance, string path, string what)
    {
        if (Chance(chance) && Concerns(path))
        {
            throw new IOException($"simulated error: cannot {what} {path}");
        }
    }

    // Draws only where a fault is switched on, so that switching one on later does not change what came before.
    private bool Chance(double chance) => chance > 0 && _random.NextDouble() < chance;

    private bool Concerns(string path) => Faults.Concerns?.Invoke(path) ?? true;

    private long AvailableBytes() =>
        Faults.CapacityBytes == long.MaxValue ? long.MaxValue : Math.Max(0, Faults.CapacityBytes - _tree.UsedBytes);

    private SimulatedContent OpenOrCreate(string path)
    {
        CheckAlive(Process);
        var parent = _tree.Parent(path, out var name);
        if (!parent.Entries.ContainsKey(name))
        {
            BeforeMutation($"create {path}");
            parent.Link(name, new SimulatedContent());
        }

        return _tree.File(path);
    }

    private void Rename(string from, string to, bool replace)
    {
        var parent = _tree.Parent(from, out var oldName);
        if (parent != _tree.Parent(to, out var newName))
        {
            throw new NotSupportedException("renames across directories are not simulated");
        }

        if (!replace)
        {
            throw new IOException($"{to} exists");
        }

        BeforeMutation($"rename {from} to {to}");
        parent.Rename(oldName, newName);
    }

    // "In no order" is shuffled, so that nobody comes to rely on one.
    private string[] List<TNode>(string path)
    {
        lock (Gate)
        {
            CheckAlive(Process);
            var names = SimulatedTree.Sorted(_tree.Directory(path)).Where(entry => entry.Value is TNode).Select(entry => entry.Key).ToArray();
            _random.Shuffle(names);
            return names;
        }
    }

    private sealed class HeldLock(SimulatedDisk disk, string path) : IDisposable
    {
        private readonly int _process = disk.Process;

        public void Dispose()
        {
            lock (disk.Gate)
            {
                if (disk.Process == _process)
                {
                    disk._locks.Remove(path);
                }
            }
        }
    }
}
