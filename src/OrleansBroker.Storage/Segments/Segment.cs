using System.Runtime.CompilerServices;
using OrleansBroker.Protocol.Records;
using OrleansBroker.Storage.Files;

namespace OrleansBroker.Storage.Segments;

/// <summary>
/// A stretch of a log: record batches one after the other in a <c>.log</c> file named by its base offset, with an offset
/// index and a time index beside it. The file is opened when it is first used, and indexes are mapped likewise, so that an
/// idle segment holds neither descriptor nor map.
/// One thread at a time appends (the log's lock). Reads run beside it: they go no further than <see cref="SizeBytes"/>,
/// which grows after the bytes are written.
/// </summary>
public sealed class Segment : IDisposable
{
    /// <summary>So far a walk is no worse than an index, which then need not be mapped.</summary>
    private const int SmallBytes = 4096;

    private readonly IFileSystem _files;
    private readonly Lock _gate = new();
    private readonly SegmentIndexes _indexes;
    private IFile? _file;
    private string _directory;
    private string _suffix;
    private long _sizeBytes;
    private readonly LoadedBatches? _loaded;

    /// <param name="sizeBytes">Of the file as it is; 0 creates it, or empties it.</param>
    internal Segment(IFileSystem files, string directory, long baseOffset, string suffix, long sizeBytes)
    {
        _files = files;
        _directory = directory;
        _suffix = suffix;
        BaseOffset = baseOffset;
        _sizeBytes = sizeBytes;
        _loaded = sizeBytes > 0 ? new LoadedBatches(sizeBytes) : null;
        _indexes = new SegmentIndexes(files, this);
    }

    public long BaseOffset { get; }

    /// <summary>Of whole batches.</summary>
    public long SizeBytes => Volatile.Read(ref _sizeBytes);

    public string Path => PathOf(LogFileNames.Log);

    /// <summary>The greatest timestamp of any batch, in ms; -1 where no batch has one.</summary>
    public long LargestTimestampMs => LargestTimestamp().TimestampMs;

    /// <summary>The log file, open.</summary>
    public IFile File
    {
        get
        {
            if (Volatile.Read(ref _file) is { } open)
            {
                return open;
            }

            lock (_gate)
            {
                return _file ??= _files.Open(Path);
            }
        }
    }

    /// <summary>When the segment was created or loaded: stands for the age of one whose batches have no timestamps.</summary>
    internal long OpenedMs { get; init; }

    internal bool IsRemoved { get; private set; }

    internal bool IsDeleted => _suffix == LogFileNames.Deleted;

    /// <summary>The first batch's max timestamp, from which the age of the segment counts; null where there is no batch yet.</summary>
    internal long? FirstTimestampMs { get; private set; }

    /// <summary>A new, empty segment, with its file in the directory.</summary>
    internal static Segment Create(IFileSystem files, string directory, long baseOffset, string suffix, long nowMs, long preallocateBytes = 0)
    {
        var segment = new Segment(files, directory, baseOffset, suffix, 0) { OpenedMs = nowMs };
        segment._indexes.StartAnew();
        try
        {
            using var file = files.Open(segment.Path);
            if (file.Length != preallocateBytes)
            {
                file.SetLength(preallocateBytes);
            }

            return segment;
        }
        catch (DiskFullException)
        {
            // An empty segment that is not the last of its log would end the log there at the next start.
            files.DeleteFile(segment.Path);
            throw;
        }
    }

    /// <summary>Writes whole batches at the end, at once, and indexes them if that is due.</summary>
    /// <param name="bytes">Batches with their final offsets.</param>
    /// <param name="lastOffset">Of the last of them.</param>
    /// <param name="maxTimestampMs">The greatest of any of them.</param>
    /// <param name="maxTimestampOffset">The last offset of the batch that has it.</param>
    /// <exception cref="DiskFullException">Nothing was appended.</exception>
    /// <exception cref="IOException">Nothing was appended, though bytes behind the end may have been written.</exception>
    public void Append(ReadOnlySpan<byte> bytes, long lastOffset, long maxTimestampMs, long maxTimestampOffset, LogConfig config)
    {
        var position = checked((int)_sizeBytes);
        File.Write(position, bytes);
        NoteAppended(position, bytes.Length, lastOffset, maxTimestampMs, maxTimestampOffset, config);
        Volatile.Write(ref _sizeBytes, position + bytes.Length);
    }

    /// <summary>Like <see cref="Append"/>, for many batches: each is indexed as if it had come alone.</summary>
    internal void AppendEach(ReadOnlySpan<byte> batches, LogConfig config)
    {
        var position = checked((int)_sizeBytes);
        File.Write(position, batches);
        for (var rest = batches; rest.Length > 0;)
        {
            var batch = new RecordBatchView(rest);
            NoteAppended(position, batch.SizeBytes, batch.LastOffset, batch.MaxTimestamp, batch.LastOffset, config);
            position += batch.SizeBytes;
            rest = rest[batch.SizeBytes..];
        }

        Volatile.Write(ref _sizeBytes, position);
    }

    internal bool HasRoomFor(long lastOffset) => lastOffset - BaseOffset <= int.MaxValue;

    internal bool IsIndexFull(LogConfig config) => _indexes.IsFull(config);

    /// <summary>What recovery does with each good batch, and an append with what it wrote.</summary>
    internal void NoteAppended(int position, int bytes, long lastOffset, long maxTimestampMs, long maxTimestampOffset, LogConfig config)
    {
        if (position == 0)
        {
            FirstTimestampMs = maxTimestampMs;
        }

        _indexes.Note(position, bytes, lastOffset, maxTimestampMs, maxTimestampOffset, config);
    }

    /// <summary>The first batch that ends at or behind an offset; null where none does before <paramref name="end"/>.</summary>
    /// <param name="end">A position where a batch ends.</param>
    [SkipLocalsInit]
    internal BatchLocation? Find(long offset, long end)
    {
        Span<byte> buffer = stackalloc byte[BatchHeaderReader.BufferBytes];
        var headers = new BatchHeaderReader(File, StartFor(offset, end), end, buffer);
        while (headers.TryRead(out var header))
        {
            if (header.LastOffset >= offset)
            {
                return Locate(headers.Position, header);
            }
        }

        return null;
    }

    /// <summary>The position behind the last whole batch that ends at most <paramref name="bytesMax"/> behind <paramref name="start"/>, and the offset after it.</summary>
    /// <param name="end">A position where a batch ends, further away than that.</param>
    [SkipLocalsInit]
    internal (int Position, long NextOffset) BoundaryWithin(int start, int bytesMax, int end, bool atLeastOneBatch)
    {
        Span<byte> buffer = stackalloc byte[BatchHeaderReader.BufferBytes];
        var target = start + (long)bytesMax;
        var headers = new BatchHeaderReader(File, Math.Max(start, BoundaryBefore(target)), end, buffer);
        (int Position, long NextOffset) found = ((int)headers.NextPosition, -1);
        while (true)
        {
            var problem = headers.TryRead(out var header, out var atEnd);
            if (problem != RecordBatchProblem.None && found.Position == start)
            {
                throw BatchHeaderReader.Corrupt(Path, headers.Position, problem);
            }

            var fits = headers.NextPosition <= target || (found.Position == start && atLeastOneBatch);
            if (problem != RecordBatchProblem.None || atEnd || !fits)
            {
                return found;
            }

            found = ((int)headers.NextPosition, header.NextOffset);
        }
    }

    /// <summary>
    /// How far the batches between two positions are good. What this process wrote is; what it found is looked at before it is
    /// served for the first time.
    /// </summary>
    /// <param name="offsetLimit">The base offset of what follows.</param>
    /// <exception cref="CorruptSegmentException">Not even the first is good.</exception>
    internal int GoodEnd(int start, int end, long offsetLimit) => _loaded?.GoodEnd(this, start, end, offsetLimit) ?? end;

    /// <summary>The first batch from an offset on for which <paramref name="timestampMs"/> is not too late.</summary>
    [SkipLocalsInit]
    internal BatchLocation? FindTimestamp(long timestampMs, long fromOffset, long end)
    {
        Span<byte> buffer = stackalloc byte[BatchHeaderReader.BufferBytes];
        var first = Math.Max(_indexes.OffsetFor(timestampMs), fromOffset);
        var headers = new BatchHeaderReader(File, StartFor(first, end), end, buffer);
        while (headers.TryRead(out var header))
        {
            if (header.MaxTimestamp >= timestampMs && header.LastOffset >= first)
            {
                return Locate(headers.Position, header);
            }
        }

        return null;
    }

    /// <summary>The greatest timestamp and the last offset of its batch.</summary>
    internal (long TimestampMs, long Offset) LargestTimestamp() => _indexes.LargestTimestamp();

    /// <summary>Reads the first batch's timestamp, if there is a batch and it was not read yet.</summary>
    [SkipLocalsInit]
    internal long? LoadFirstTimestamp()
    {
        if (FirstTimestampMs is null && SizeBytes > 0)
        {
            Span<byte> buffer = stackalloc byte[RecordBatchFormat.HeaderBytes];
            var headers = new BatchHeaderReader(File, 0, SizeBytes, buffer);
            FirstTimestampMs = headers.TryRead(out var header) ? header.MaxTimestamp : null;
        }

        return FirstTimestampMs;
    }

    /// <summary>The offset after the last batch, by a walk from the last index entry on.</summary>
    [SkipLocalsInit]
    internal long ReadNextOffset()
    {
        if (SizeBytes == 0)
        {
            return BaseOffset;
        }

        Span<byte> buffer = stackalloc byte[BatchHeaderReader.BufferBytes];
        var next = BaseOffset;
        var headers = new BatchHeaderReader(File, BoundaryBefore(SizeBytes), SizeBytes, buffer);
        while (headers.TryRead(out var header))
        {
            next = header.NextOffset;
        }

        return next;
    }

    /// <summary>Drops the indexes, to be filled again by <see cref="NoteAppended"/>.</summary>
    internal void StartIndexesAnew()
    {
        _indexes.StartAnew();
        FirstTimestampMs = null;
    }

    /// <summary>Cuts the file. The indexes are the caller's to fill again.</summary>
    internal void SetSize(long sizeBytes)
    {
        Volatile.Write(ref _sizeBytes, sizeBytes);
        _loaded?.CutTo(sizeBytes);
        if (File.Length != sizeBytes)
        {
            File.SetLength(sizeBytes);
        }
    }

    /// <summary>Cuts what a failed write may have left behind the end; a cut that fails leaves it to the next write or to recovery.</summary>
    internal void CutBackAfterFailedWrite()
    {
        try
        {
            File.SetLength(_sizeBytes);
        }
        catch (IOException)
        {
            // The end is where it was; the bytes behind it are nobody's.
        }
    }

    /// <summary>No more appends: the time index gets its last entry, files get their exact lengths.</summary>
    internal void Seal(LogConfig config)
    {
        _indexes.Seal(config);
        if (config.Preallocate && File.Length > SizeBytes)
        {
            File.SetLength(SizeBytes);
        }
    }

    /// <summary>
    /// Returns once all that was appended survives a power loss, except for the file's name in the directory. The indexes of
    /// a segment that is still appended to are left out: recovery always builds the last segment's anew.
    /// </summary>
    internal void Flush(bool isActive)
    {
        File.Flush();
        if (!isActive)
        {
            _indexes.Flush();
        }
    }

    /// <summary>Unmaps the indexes of a segment that is not appended to; the next search maps them again.</summary>
    internal void ReleaseMaps() => _indexes.ReleaseMaps();

    /// <summary>Closes what loading opened; nobody reads yet.</summary>
    internal void Release()
    {
        _indexes.ReleaseMaps();
        _file?.Dispose();
        _file = null;
    }

    /// <summary>Renames all files. Readers go on: an open file stays open, one that is not yet is opened by its new name.</summary>
    internal void ChangeSuffix(string suffix)
    {
        lock (_gate)
        {
            var log = Path;
            _suffix = suffix;
            if (_files.FileExists(log))
            {
                _files.RenameFile(log, Path);
            }

        }

        _indexes.Rename();
    }

    /// <summary>Drops the batches from an offset on, and fills the indexes anew.</summary>
    internal void TruncateTo(long offset)
    {
        var end = Find(offset, SizeBytes)?.Position;
        if (end is not { } position)
        {
            return;
        }

        SetSize(position);
        _indexes.Rebuild();
    }

    /// <summary>The files lie in another directory now.</summary>
    internal void MoveTo(string directory)
    {
        lock (_gate)
        {
            _directory = directory;
        }

        _indexes.Move();
    }

    /// <summary>Removes all files, for good.</summary>
    internal void Delete()
    {
        IsRemoved = true;
        Dispose();
        _files.DeleteFile(Path);
        _indexes.Delete();
    }

    public void Dispose()
    {
        _indexes.Dispose();
        lock (_gate)
        {
            _file?.Dispose();
        }
    }

    private static BatchLocation Locate(long position, RecordBatchView header) =>
        new((int)position, header.SizeBytes, header.BaseOffset, header.LastOffset, header.MaxTimestamp);

    private int StartFor(long offset, long end)
    {
        var position = end <= SmallBytes ? 0 : _indexes.PositionFor(offset);
        return position < end ? position : 0;
    }

    private int BoundaryBefore(long position) => position <= SmallBytes ? 0 : _indexes.BoundaryBefore(position);

    internal string PathOf(string extension) => $"{_directory}/{LogFileNames.ForOffset(BaseOffset, extension)}{_suffix}";
}
