using OrleansBroker.Protocol.Records;
using OrleansBroker.Storage.Files;

namespace OrleansBroker.Storage.Segments;

/// <summary>
/// Walks over the batch headers of a stretch of a segment, without the records where they are big. What is no batch is a
/// <see cref="CorruptSegmentException"/>.
/// </summary>
/// <param name="end">A position where a batch ends.</param>
/// <param name="buffer">At least a header long.</param>
internal ref struct BatchHeaderReader(IFile file, long position, long end, Span<byte> buffer)
{
    /// <summary>A good size for the buffer: some dozens of small batches, and cheap to copy.</summary>
    public const int BufferBytes = 2048;

    private readonly IFile _file = file;
    private readonly long _end = end;
    private readonly Span<byte> _buffer = buffer;
    private long _next = position;
    private long _bufferedAt = position;
    private int _buffered;

    /// <summary>Of the header read last.</summary>
    public long Position { get; private set; } = position;

    /// <summary>Of the next header.</summary>
    public readonly long NextPosition => _next;

    /// <summary>False at the end.</summary>
    public bool TryRead(out RecordBatchView header)
    {
        var problem = TryRead(out header, out var atEnd);
        return problem == RecordBatchProblem.None ? !atEnd : throw Corrupt(_file.Path, Position, problem);
    }

    /// <summary>Like the other, with the problem as a value.</summary>
    public RecordBatchProblem TryRead(out RecordBatchView header, out bool atEnd)
    {
        Position = _next;
        atEnd = _next >= _end;
        header = default;
        if (atEnd)
        {
            return RecordBatchProblem.None;
        }

        if (_next < _bufferedAt || _next + RecordBatchFormat.HeaderBytes > _bufferedAt + _buffered)
        {
            _bufferedAt = _next;
            _buffered = _file.Read(_next, _buffer[..(int)Math.Min(_buffer.Length, _end - _next)]);
        }

        var problem = RecordBatchView.TryParseHeader(_buffer[(int)(_next - _bufferedAt).._buffered], out header);
        if (problem == RecordBatchProblem.None && header.SizeBytes > _end - _next)
        {
            problem = RecordBatchProblem.TooShort;
        }

        _next += problem == RecordBatchProblem.None ? header.SizeBytes : 0;
        return problem;
    }

    public static CorruptSegmentException Corrupt(string path, long position, RecordBatchProblem problem) =>
        new($"{path} has no record batch at position {position} ({problem})");
}
