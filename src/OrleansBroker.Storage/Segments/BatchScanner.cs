using System.Buffers;
using System.Globalization;
using OrleansBroker.Protocol.Records;
using OrleansBroker.Storage.Cleaning;

namespace OrleansBroker.Storage.Segments;

/// <summary>
/// Reads the batches of a stretch of a segment in order, a buffer at a time, and checks each. The buffer grows for a batch that
/// does not fit, never beyond the stretch, and shrinks again with the next segment.
/// </summary>
internal sealed class BatchScanner(int bufferBytes, IoThrottle? throttle = null) : IDisposable
{
    private byte[] _buffer = [];
    private Segment? _segment;
    private long _offsetLimit;
    private long _readAt;
    private long _end;
    private int _from;
    private int _to;

    /// <summary>Where the next batch begins, in the file.</summary>
    public long Position => _readAt - (_to - _from);

    /// <summary>What the next batch begins with at the least.</summary>
    public long NextOffset { get; private set; }

    /// <param name="nextOffset">What the first batch begins with at the least.</param>
    /// <param name="offsetLimit">The base offset of the segment that follows.</param>
    public void Start(Segment segment, long position, long end, long nextOffset, long offsetLimit)
    {
        _segment = segment;
        NextOffset = nextOffset;
        _offsetLimit = offsetLimit;
        _readAt = position;
        _end = end;
        _from = _to = 0;
        if (_buffer.Length == 0 || _buffer.Length > 2 * Math.Max(bufferBytes, RecordBatchFormat.HeaderBytes))
        {
            Resize(Math.Max(bufferBytes, RecordBatchFormat.HeaderBytes));
        }
    }

    /// <summary>The next batch, valid until the next call; false at the end. <see cref="CorruptSegmentException"/> where there is no good batch.</summary>
    public bool TryNext(CancellationToken cancellation, out RecordBatchView batch)
    {
        var problem = RecordBatchView.TryParse(_buffer.AsSpan(_from, _to - _from), out batch);
        while (problem == RecordBatchProblem.TooShort && Fill(cancellation))
        {
            problem = RecordBatchView.TryParse(_buffer.AsSpan(_from, _to - _from), out batch);
        }

        if (problem == RecordBatchProblem.TooShort && _from == _to)
        {
            return false;
        }

        if (problem != RecordBatchProblem.None)
        {
            throw Damaged(problem.ToString());
        }

        if (!batch.IsCrcValid())
        {
            throw Damaged("wrong CRC");
        }

        if (batch.BaseOffset < NextOffset || batch.NextOffset > _offsetLimit)
        {
            throw Damaged($"offset {batch.BaseOffset} does not follow");
        }

        NextOffset = batch.NextOffset;
        _from += batch.SizeBytes;
        return true;
    }

    /// <summary>Gives back the memory.</summary>
    public void Dispose()
    {
        Return();
        _buffer = [];
        _segment = null;
    }

    private CorruptSegmentException Damaged(string problem) =>
        new(string.Create(CultureInfo.InvariantCulture, $"{_segment!.Path} has no record batch at position {Position} ({problem})"));

    /// <summary>Reads on behind what is there; false at the end of the stretch.</summary>
    private bool Fill(CancellationToken cancellation)
    {
        if (_readAt >= _end)
        {
            return false;
        }

        cancellation.ThrowIfCancellationRequested();
        MakeRoom();
        var wanted = (int)Math.Min(_buffer.Length - _to, _end - _readAt);
        var read = _segment!.File.Read(_readAt, _buffer.AsSpan(_to, wanted));
        if (read == 0)
        {
            throw Damaged("ends early");
        }

        _to += read;
        _readAt += read;
        throttle?.Count(read, cancellation);
        return true;
    }

    private void MakeRoom()
    {
        var left = _to - _from;
        var needed = Math.Max(left + 1, left >= RecordBatchFormat.HeaderBytes ? new RecordBatchView(_buffer.AsSpan(_from)).SizeBytes : 0);
        if (needed > left + (_end - _readAt))
        {
            throw Damaged("TooShort");
        }

        if (needed > _buffer.Length)
        {
            Resize(needed);
        }
        else
        {
            _buffer.AsSpan(_from, left).CopyTo(_buffer);
            (_from, _to) = (0, left);
        }
    }

    private void Resize(int bytes)
    {
        var resized = ArrayPool<byte>.Shared.Rent(bytes);
        var left = _to - _from;
        _buffer.AsSpan(_from, left).CopyTo(resized);
        Return();
        _buffer = resized;
        (_from, _to) = (0, left);
    }

    private void Return()
    {
        if (_buffer.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
        }
    }
}
